"""Ways back into the escrow from the middle of a transfer."""

from typing import Any

from tests.evm.world import World, row

TRIGGERS = ("deposit", "topUpBond", "executeWithdrawal", "withdrawBond")
SIGNED = ("requestWithdrawal", "cancelWithdrawal", "registerMandate", "endMandate", "cancelNonce")
ENTRIES = (
    "deposit",
    "depositWithPermit",
    "executeWithdrawal",
    "topUpBond",
    "payOwed",
    "payBondClaims",
    "applyRun",
    "payRemedy",
    "payDefault",
    "takeDeposit",
    "returnDeposit",
    "reserveBond",
    "releaseBond",
    "withdrawBond",
    "pause",
    "unpause",
    *SIGNED,
)
"""Every function of the escrow that changes something."""


def entry_call(world: World, function: str) -> bytes:
    """A call of a function that would do something, or be refused for another reason, if it came from outside."""
    alice, today = world["alice"], world.today
    signed: dict[str, Any] = {
        "requestWithdrawal": lambda: world.withdrawal("alice", 1),
        "cancelWithdrawal": lambda: world.signed("alice", "WithdrawalCancel", {"index": 0}),
        "registerMandate": lambda: world.mandate("alice", 1, today + 900, today + 901),
        "endMandate": lambda: world.signed("alice", "MandateEnd", {"mandateIndex": 0, "endDay": today + 9}),
        "cancelNonce": lambda: world.signed("alice", "NonceCancel", {}),
    }
    if function in signed:
        return world.escrow.data(function, *signed[function]())
    key = b"\x01" * 32
    given: dict[str, tuple[Any, ...]] = {
        "deposit": (alice, 1),
        "depositWithPermit": (alice, alice, 1, 2**40, 27, key, key),
        "executeWithdrawal": (alice, 0),
        "topUpBond": (1,),
        "payOwed": (1,),
        "payBondClaims": (1,),
        "applyRun": (key, 0, today - 1, 1, [row(alice, 0)], []),
        "payRemedy": (key, 0, alice, 1),
        "payDefault": (key, 0, alice, 1),
        "takeDeposit": (alice, 1),
        "returnDeposit": (alice, 0),
        "reserveBond": (1,),
        "releaseBond": (0,),
        "withdrawBond": (alice, 1),
    }
    return world.escrow.data(function, *given.get(function, ()))


def refused_anyhow(entry: str) -> set[str]:
    """Functions with callers of their own refuse the token itself."""
    if entry in ("pause", "unpause", "withdrawBond"):
        return {"AccessManagedUnauthorized"}
    if entry in ("payRemedy", "payDefault", "takeDeposit", "returnDeposit", "reserveBond", "releaseBond"):
        return {"NotDisputing"}
    return set()
