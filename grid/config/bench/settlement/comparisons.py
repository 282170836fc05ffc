"""What the same would cost without netting: a plain transfer, and trades settled one by one."""

from typing import Any

from grid.config.bench.settlement.chain import Chain, Cost
from grid.config.bench.settlement.people import DEADLINE, TOKEN, Member
from grid.domain.keccak import keccak256
from grid.domain.words import address_word

CONTRACT = "mocks/PerTradeSettlement"
_ORDER = "Order(address maker,bool sells,uint32 slot,uint64 limitPrice,uint64 quantityWh,uint64 nonce,uint64 expiresAt)"
_DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def plain_transfer(chain: Chain) -> Cost:
    """An ERC-20 transfer between two accounts that have balances."""
    from grid.chain import keys

    relayer, receiver = keys.address("relayer"), keys.address("deployer")
    chain.send(relayer, "DemoToken", "transfer", [receiver, 5 * TOKEN])
    return chain.send(relayer, "DemoToken", "transfer", [receiver, TOKEN])


def per_trade(chain: Chain, buyer: Member, seller: Member) -> Cost:
    """One trade with both EIP-712 signatures checked, by two members whose balances are not new."""
    contract = chain.create(CONTRACT)
    for member in (buyer, seller):
        chain.send(buyer.account, CONTRACT, "fund", [member.account, 100 * TOKEN], to=contract)
    cost = Cost(0, 0, 0)
    for nonce in (1, 2):
        buy, sell = _order(buyer, False, nonce), _order(seller, True, nonce)
        signatures = [_sign(chain, contract, member, order) for member, order in ((buyer, buy), (seller, sell))]
        cost = chain.send(buyer.account, CONTRACT, "settle", [buy, sell, 800, 180_000, *signatures], to=contract)
    return cost


def _order(member: Member, sells: bool, nonce: int) -> dict[str, Any]:
    return {
        "maker": member.account,
        "sells": sells,
        "slot": 2_000_000,
        "limitPrice": 110_000 if sells else 250_000,
        "quantityWh": 1_000,
        "nonce": nonce,
        "expiresAt": DEADLINE,
    }


def _sign(chain: Chain, contract: str, member: Member, order: dict[str, Any]) -> bytes:
    from grid.chain.signing import sign_digest

    domain = keccak256(
        keccak256(_DOMAIN.encode())
        + keccak256(b"PerTradeSettlement")
        + keccak256(b"1")
        + chain.client.chain_id.to_bytes(32, "big")
        + address_word(bytes.fromhex(contract[2:]))
    )
    words = [address_word(member.address)] + [int(value).to_bytes(32, "big") for value in list(order.values())[1:]]
    struct = keccak256(keccak256(_ORDER.encode()) + b"".join(words))
    return sign_digest(member.key, keccak256(b"\x19\x01" + domain + struct))
