import itertools

import pytest

from grid.domain.succession import TRANSITIONS, Act, By, Refusal, Register, Waits

DELAY = 100
OWNER, AGENT, PHONE, OTHER = (bytes([number]) * 20 for number in range(1, 5))


def register(waits):
    """Owner's account, which the agent may recover, with this waiting since time 0."""
    made = Register(DELAY)
    made.set_recovery(OWNER, OWNER, AGENT)
    if waits in (Waits.CHANGE, Waits.BOTH):
        made.request_change(OWNER, OWNER, PHONE, 0)
    if waits in (Waits.RECOVERY, Waits.BOTH):
        made.request_recovery(OWNER, AGENT, OTHER, 0)
    assert made.holder(OWNER).waits is waits
    return made


def perform(made, act, by, now=DELAY):
    match act:
        case Act.CHANGE:
            made.request_change(OWNER, by, PHONE, now)
        case Act.RECOVER:
            made.request_recovery(OWNER, by, OTHER, now)
        case Act.CANCEL:
            made.cancel(OWNER, by)
        case Act.NAME:
            made.set_recovery(OWNER, by, PHONE)
        case Act.EXECUTE_CHANGE:
            made.execute_change(OWNER, now)
        case Act.EXECUTE_RECOVERY:
            made.execute_recovery(OWNER, now)


ENTITLED = {By.PRESENT: OWNER, By.RECOVERY: AGENT, By.ANYONE: OTHER}


@pytest.mark.parametrize(("waits", "act"), list(itertools.product(Waits, Act)))
def test_acts_lead_where_the_table_says_and_nowhere_else(waits, act):
    made = register(waits)
    if (waits, act) not in TRANSITIONS:
        by = AGENT if act is Act.RECOVER else OWNER
        with pytest.raises(Refusal, match=r"AlreadyWaiting|NothingWaits"):
            perform(made, act, by)
        assert made.holder(OWNER).waits is waits
        return
    by, after = TRANSITIONS[waits, act]
    perform(made, act, ENTITLED[by])
    assert made.holder(OWNER).waits is after


@pytest.mark.parametrize(("waits", "act"), [key for key, (by, _) in TRANSITIONS.items() if by is not By.ANYONE])
def test_nobody_else_acts(waits, act):
    entitled = ENTITLED[TRANSITIONS[waits, act][0]]
    for nobody in {OWNER, AGENT, PHONE, OTHER} - {entitled}:
        made = register(waits)
        with pytest.raises(Refusal, match="SignatureInvalid"):
            perform(made, act, nobody)


@pytest.mark.parametrize(("waits", "act"), [key for key, (by, _) in TRANSITIONS.items() if by is By.ANYONE])
def test_nothing_takes_effect_a_second_early(waits, act):
    made = register(waits)
    with pytest.raises(Refusal, match="SignerNotReady"):
        perform(made, act, OTHER, DELAY - 1)
    assert made.holder(OWNER).signer == OWNER


def test_delegations_end_with_the_signer_that_gave_them():
    made = register(Waits.CHANGE)
    made.delegate(OWNER, OWNER, OTHER, 10 * DELAY, 0)
    assert made.may_dispute(OWNER, OTHER, DELAY)
    assert not made.may_dispute(OWNER, OTHER, 10 * DELAY)
    made.execute_change(OWNER, DELAY)
    assert not made.may_dispute(OWNER, OTHER, DELAY)
    assert not made.may_dispute(OWNER, OWNER, DELAY)
    assert made.may_dispute(OWNER, PHONE, DELAY)
