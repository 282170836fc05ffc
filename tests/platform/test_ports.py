"""Two platforms never serve on one port, though their web servers would let them."""

from grid.config.servers.ports import claim_port
from grid.config.servers.processes import free_port


def test_a_port_has_one_claim_at_a_time() -> None:
    port = free_port()
    first = claim_port(port)
    assert first is not None
    assert claim_port(port) is None
    first.close()
    second = claim_port(port)
    assert second is not None
    second.close()


def test_another_port_is_not_claimed_with_it() -> None:
    first, second = claim_port(free_port()), claim_port(free_port())
    assert first is not None
    assert second is not None
    first.close()
    second.close()
