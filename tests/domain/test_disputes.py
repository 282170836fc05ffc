import pytest

from grid.domain.disputes import FINAL, ON_CHAIN, TRANSITIONS, ClaimEvent, ClaimState, Party, TransitionError, advance


@pytest.mark.parametrize("state", set(ClaimState) - FINAL)
def test_every_open_claim_has_a_way_out_that_needs_nobody(state):
    step = TRANSITIONS[state, ClaimEvent.DEADLINE]
    assert step[0] is Party.ANYONE


@pytest.mark.parametrize("state", ClaimState)
def test_deadlines_alone_lead_to_a_final_state(state):
    seen = set()
    while state not in FINAL:
        assert state not in seen
        seen.add(state)
        state = advance(state, ClaimEvent.DEADLINE, by=Party.ANYONE)


def test_every_state_is_reached_from_a_complaint():
    reached = {ClaimState.COMPLAINED}
    while more := {after for (before, _), (_, after) in TRANSITIONS.items() if before in reached} - reached:
        reached |= more
    assert reached == set(ClaimState)


@pytest.mark.parametrize("state", FINAL)
def test_final_states_absorb(state):
    for event in ClaimEvent:
        with pytest.raises(TransitionError, match="it has: nothing"):
            advance(state, event, by=Party.ANYONE)


def test_a_claim_goes_up_the_tiers_and_is_paid():
    steps = [
        (ClaimEvent.DEMAND, Party.CLAIMANT, ClaimState.DEMANDED),
        (ClaimEvent.OPEN, Party.OPERATOR, ClaimState.OPENED),
        (ClaimEvent.CONTEST, Party.CLAIMANT, ClaimState.AT_METER_DATA),
        (ClaimEvent.REJECT, Party.METER_DATA_RESPONSIBLE, ClaimState.ANSWERED),
        (ClaimEvent.APPEAL, Party.CLAIMANT, ClaimState.AT_PANEL),
        (ClaimEvent.UPHOLD, Party.PANEL, ClaimState.UPHELD),
    ]
    state = ClaimState.COMPLAINED
    for event, party, after in steps:
        state = advance(state, event, by=party)
        assert state is after
    assert state in FINAL


@pytest.mark.parametrize("state", [ClaimState.AT_METER_DATA, ClaimState.ANSWERED, ClaimState.AT_PANEL])
def test_a_correction_closes_a_case_that_is_not_decided(state):
    assert advance(state, ClaimEvent.CORRECT, by=Party.OPERATOR) is ClaimState.CORRECTED


def test_a_correction_does_not_close_a_demand():
    with pytest.raises(TransitionError, match="has no correct"):
        advance(ClaimState.DEMANDED, ClaimEvent.CORRECT, by=Party.OPERATOR)


def test_what_was_paid_is_not_taken_back():
    assert {ClaimState.UPHELD, ClaimState.DEFAULTED} <= FINAL


def test_a_private_complaint_leaves_no_trace_on_chain():
    assert set(ClaimState) - set(ON_CHAIN) == {ClaimState.COMPLAINED, ClaimState.WITHDRAWN, ClaimState.LAPSED}


def test_a_demand_by_who_is_bound_no_longer_is_rebutted():
    assert advance(ClaimState.DEMANDED, ClaimEvent.REBUT, by=Party.OPERATOR) is ClaimState.REJECTED


def test_a_day_not_posted_is_a_default():
    after = advance(ClaimState.COMPLAINED, ClaimEvent.CLAIM_UNPOSTED, by=Party.CLAIMANT)
    assert after is ClaimState.DEFAULTED


def test_data_withheld_is_a_default():
    assert advance(ClaimState.DEMANDED, ClaimEvent.DEADLINE, by=Party.ANYONE) is ClaimState.DEFAULTED


def test_silence_favours_the_holder_of_signed_bytes():
    after = advance(ClaimState.AT_METER_DATA, ClaimEvent.SILENCE_ON_SIGNED_BYTES, by=Party.CLAIMANT)
    assert after is ClaimState.UPHELD


def test_nobody_judges_a_claim_but_who_is_named():
    for party in (Party.OPERATOR, Party.CLAIMANT, Party.METER_DATA_RESPONSIBLE):
        with pytest.raises(TransitionError, match="for the panel"):
            advance(ClaimState.AT_PANEL, ClaimEvent.REJECT, by=party)


def test_an_event_out_of_turn_names_what_is_allowed():
    with pytest.raises(TransitionError, match="it has: open, rebut, deadline"):
        advance(ClaimState.DEMANDED, ClaimEvent.RECOMPUTE, by=Party.CLAIMANT)
