import brownie
import pytest
from casework import NONE, Casework
from eth_utils import keccak
from world import DAY, POSTING_LAG, TOKEN, ZONE, refused

POINT = keccak(text="p9")


class Unposted(Casework):
    """A day after the deployment that nobody posts, and on which Otto is bound."""

    def __init__(self, world):
        super().__init__(world)
        self.day = world.today + 1
        self.until = (self.day + 1) * DAY + POSTING_LAG
        self.entry = self._binding(POINT, "otto")
        self.elsewhere = self._binding(POINT, "otto", keccak(text="elsewhere"))
        self.ended = self._binding(POINT, "otto", days=(1, self.day))
        self.checkpoint = self.anchor()

    def ask(self, name="otto", day=None, entry=None, **changes):
        sender = changes.pop("sender", self.world.relayer)
        day = self.day if day is None else day
        message = {"zone": ZONE, "day": day}
        claim = changes.pop("claim", None) or self.claim(name, "UnpostedClaim", message, **changes)
        shown = self._entry(*(entry or self.entry))
        return self.world.disputes.claimUnposted(claim, ZONE, day, self.checkpoint, shown, {"from": sender})


@pytest.fixture
def missing(disputed) -> Unposted:
    """The day, a second after the lag."""
    made = Unposted(disputed)
    disputed.travel(made.until + 1)
    return made


def test_pays_the_fixed_sum(disputed, missing):
    free, bond = disputed.free("otto"), disputed.escrow.bond()
    tx = missing.ask()
    event = tx.events["UnpostedClaimed"]
    assert (event["account"], event["day"], event["paid"]) == (disputed["otto"], missing.day, TOKEN)
    assert disputed.free("otto") == free + TOKEN
    assert disputed.escrow.bond() == bond - TOKEN
    assert disputed.escrow.remedyOf(missing.run_key, disputed["otto"]) == TOKEN
    disputed.assert_backed("anna", "emil", "otto")


def test_pays_once(disputed, missing):
    missing.ask()
    with refused("NothingToPay", missing.run_key, disputed["otto"]):
        missing.ask()


def test_the_account_itself_needs_no_signature(disputed, missing):
    otto = brownie.accounts.add(disputed.person("otto").key)
    missing.ask(claim=missing.claim("otto"), sender=otto)
    assert disputed.escrow.remedyOf(missing.run_key, disputed["otto"]) == TOKEN


def test_refuses_strangers(disputed, missing):
    with refused("NoStanding", disputed.mallory, disputed["otto"]):
        missing.ask(claim=missing.claim("otto"), sender=disputed.mallory)
    with refused("BoundToAnother", disputed["otto"], disputed["emil"]):
        missing.ask(name="emil")


def test_a_signature_is_for_one_zone_and_day(disputed, missing):
    for message in ({"zone": ZONE, "day": missing.day + 1}, {"zone": bytes(32), "day": missing.day}):
        with pytest.raises(Exception, match="SignatureInvalid"):
            missing.ask(claim=missing.claim("otto", "UnpostedClaim", message))


def test_while_the_day_can_be_posted_it_is_early(disputed):
    made = Unposted(disputed)
    disputed.travel(made.until - 10)
    claim = made.claim("otto", "UnpostedClaim", {"zone": ZONE, "day": made.day}, deadline=2**40)
    disputed.next_at(made.until)
    with refused("DayCanStillBePosted", made.until, made.until):
        made.ask(claim=claim)


def test_a_second_later_it_is_not(disputed):
    made = Unposted(disputed)
    disputed.travel(made.until - 10)
    claim = made.claim("otto", "UnpostedClaim", {"zone": ZONE, "day": made.day}, deadline=2**40)
    disputed.next_at(made.until + 1)
    made.ask(claim=claim)
    assert disputed.escrow.remedyOf(made.run_key, disputed["otto"]) == TOKEN


def test_nobody_posts_a_day_that_was_claimed(disputed, missing):
    missing.ask()
    rows = disputed.rows({"otto": TOKEN})
    run = disputed.run(rows, day=missing.day)
    with pytest.raises(Exception, match="PostingTooLate"):
        disputed.settlement.postRun(run, rows, {"from": disputed.poster})


def test_refuses_a_day_that_is_posted(disputed):
    made = Unposted(disputed)
    disputed.travel(made.until - 100)
    rows = disputed.rows({"otto": -TOKEN})
    disputed.settlement.postRun(disputed.run(rows, day=made.day), rows, {"from": disputed.poster})
    disputed.travel(made.until + 1)
    with refused("DayIsPosted", made.run_key, 0):
        made.ask()


def test_refuses_days_from_before_the_deployment(disputed, missing):
    first = disputed.disputes.firstDay()
    assert first == disputed.today + 1
    for day in (0, first - 1):
        with refused("DayBeforeDeployment", day, first):
            missing.ask(day=day)
    missing.ask(day=first)


def test_refuses_a_binding_of_another_zone_or_day(disputed, missing):
    with refused("BoundToAnother", "0x" + "00" * 20, disputed["otto"]):
        missing.ask(entry=missing.elsewhere)
    with refused("BindingNotOfDay", 1, missing.day, missing.day):
        missing.ask(entry=missing.ended)


def test_refuses_a_forged_binding(disputed, missing):
    index, words = missing.entry
    forged = [*words[:2], bytes(12) + bytes.fromhex(disputed["emil"][2:]), *words[3:]]
    with pytest.raises(Exception, match="InclusionFailed"):
        missing.ask(name="emil", entry=(index, forged))


def test_refuses_a_checkpoint_that_is_not_anchored(disputed, missing):
    seq, size, at, root = missing.checkpoint
    missing.checkpoint = (seq, size, at - 1, root)
    with refused("CheckpointWrong", seq, seq):
        missing.ask()


def test_refuses_a_binding_of_which_the_log_knew_too_late(disputed, missing):
    late = missing._binding(POINT, "emil", days=(1, NONE))
    missing.checkpoint = missing.anchor()
    with refused("AnchoredTooLate", missing.checkpoint[2], missing.until):
        missing.ask(name="emil", entry=late)


def test_a_pause_stops_no_claim(disputed, missing):
    disputed.escrow.pause({"from": disputed.guardian})
    missing.ask()
    assert disputed.escrow.remedyOf(missing.run_key, disputed["otto"]) == TOKEN


def test_a_binding_known_in_the_last_moment_counts(disputed):
    made = Unposted(disputed)
    disputed.travel(made.until - 10)
    late = made._binding(POINT, "emil", days=(1, NONE))
    disputed.next_at(made.until)
    made.checkpoint = made.anchor()
    assert made.checkpoint[2] == made.until
    disputed.travel(made.until + 1)
    made.ask(name="emil", entry=late)
    assert disputed.escrow.remedyOf(made.run_key, disputed["emil"]) == TOKEN
