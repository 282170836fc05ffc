"""Claims against a run: their states, who may move them, and where silence leads (PROTOCOL §5).

Every state that is not final has a way out that needs nobody: a deadline that anyone may call. A claim that is upheld
or defaulted is paid by the contract in the same moment, so nothing waits for the operator after that. The contract
`Disputes` keeps the states in ON_CHAIN; a private complaint and its ends are the platform's own record.
"""

from enum import StrEnum


class ClaimState(StrEnum):
    """Where a claim stands. The last six are final."""

    COMPLAINED = "complained"
    DEMANDED = "demanded"
    OPENED = "opened"
    AT_METER_DATA = "at_meter_data"
    ANSWERED = "answered"
    AT_PANEL = "at_panel"
    UPHELD = "upheld"
    CORRECTED = "corrected"
    DEFAULTED = "defaulted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class ClaimEvent(StrEnum):
    """What moves a claim."""

    CORRECT = "correct"
    DEMAND = "demand"
    OPEN = "open"
    REBUT = "rebut"
    RECOMPUTE = "recompute"
    CONTEST = "contest"
    CLAIM_UNPOSTED = "claim_unposted"
    UPHOLD = "uphold"
    REJECT = "reject"
    APPEAL = "appeal"
    WITHDRAW = "withdraw"
    SILENCE_ON_SIGNED_BYTES = "silence_on_signed_bytes"
    DEADLINE = "deadline"


class Party(StrEnum):
    """Who may cause an event. ANYONE stands for the contract's own rule, whoever calls it."""

    CLAIMANT = "claimant"
    OPERATOR = "operator"
    METER_DATA_RESPONSIBLE = "meter_data_responsible"
    PANEL = "panel"
    ANYONE = "anyone"


_S, _E, _P = ClaimState, ClaimEvent, Party

TRANSITIONS: dict[tuple[ClaimState, ClaimEvent], tuple[Party, ClaimState]] = {
    (_S.COMPLAINED, _E.CORRECT): (_P.OPERATOR, _S.CORRECTED),
    (_S.COMPLAINED, _E.DEMAND): (_P.CLAIMANT, _S.DEMANDED),
    (_S.COMPLAINED, _E.RECOMPUTE): (_P.CLAIMANT, _S.UPHELD),
    (_S.COMPLAINED, _E.CONTEST): (_P.CLAIMANT, _S.AT_METER_DATA),
    (_S.COMPLAINED, _E.CLAIM_UNPOSTED): (_P.CLAIMANT, _S.DEFAULTED),
    (_S.COMPLAINED, _E.WITHDRAW): (_P.CLAIMANT, _S.WITHDRAWN),
    (_S.COMPLAINED, _E.DEADLINE): (_P.ANYONE, _S.LAPSED),
    (_S.DEMANDED, _E.OPEN): (_P.ANYONE, _S.OPENED),
    (_S.DEMANDED, _E.REBUT): (_P.ANYONE, _S.REJECTED),
    (_S.DEMANDED, _E.DEADLINE): (_P.ANYONE, _S.DEFAULTED),
    (_S.OPENED, _E.RECOMPUTE): (_P.CLAIMANT, _S.UPHELD),
    (_S.OPENED, _E.CONTEST): (_P.CLAIMANT, _S.AT_METER_DATA),
    (_S.OPENED, _E.WITHDRAW): (_P.CLAIMANT, _S.WITHDRAWN),
    (_S.OPENED, _E.DEADLINE): (_P.ANYONE, _S.LAPSED),
    (_S.AT_METER_DATA, _E.UPHOLD): (_P.METER_DATA_RESPONSIBLE, _S.UPHELD),
    (_S.AT_METER_DATA, _E.REJECT): (_P.METER_DATA_RESPONSIBLE, _S.ANSWERED),
    (_S.AT_METER_DATA, _E.CORRECT): (_P.OPERATOR, _S.CORRECTED),
    (_S.AT_METER_DATA, _E.SILENCE_ON_SIGNED_BYTES): (_P.ANYONE, _S.UPHELD),
    (_S.AT_METER_DATA, _E.DEADLINE): (_P.ANYONE, _S.AT_PANEL),
    (_S.ANSWERED, _E.APPEAL): (_P.CLAIMANT, _S.AT_PANEL),
    (_S.ANSWERED, _E.CORRECT): (_P.OPERATOR, _S.CORRECTED),
    (_S.ANSWERED, _E.DEADLINE): (_P.ANYONE, _S.REJECTED),
    (_S.AT_PANEL, _E.UPHOLD): (_P.PANEL, _S.UPHELD),
    (_S.AT_PANEL, _E.REJECT): (_P.PANEL, _S.REJECTED),
    (_S.AT_PANEL, _E.CORRECT): (_P.OPERATOR, _S.CORRECTED),
    (_S.AT_PANEL, _E.DEADLINE): (_P.ANYONE, _S.UPHELD),
}
"""(state, event) -> (who may cause it, next state)."""

FINAL: frozenset[ClaimState] = frozenset(ClaimState) - {state for state, _ in TRANSITIONS}

ON_CHAIN: tuple[ClaimState, ...] = (
    _S.DEMANDED,
    _S.OPENED,
    _S.AT_METER_DATA,
    _S.ANSWERED,
    _S.AT_PANEL,
    _S.UPHELD,
    _S.CORRECTED,
    _S.DEFAULTED,
    _S.REJECTED,
)
"""States of a case in the contract, numbered from 1 in this order. A demand's case ends with OPENED there: what its
owner does with what was opened is an action, or a case, of its own."""


class TransitionError(ValueError):
    """An event that a claim's state does not have, or that this party may not cause."""


def advance(state: ClaimState, event: ClaimEvent, *, by: Party) -> ClaimState:
    """Return the state after an event. Raises TransitionError that names what is allowed instead."""
    step = TRANSITIONS.get((state, event))
    if step is None:
        allowed = [str(known) for before, known in TRANSITIONS if before == state]
        raise TransitionError(f"a claim that is {state} has no {event}; it has: {', '.join(allowed) or 'nothing'}")
    party, after = step
    if party not in (by, Party.ANYONE):
        raise TransitionError(f"{event} is for the {party}, not for the {by}")
    return after
