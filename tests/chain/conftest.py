from tests.chain.support import chain, deployed_url

__all__ = ["chain", "deployed_url"]
