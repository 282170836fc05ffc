"""Disputes: a day that was not posted pays its accounts."""

from typing import Any

import pytest

from tests.evm import casefile as files
from tests.evm import courts
from tests.evm.casefile import disputes, own, send, short
from tests.evm.chain import Reverted
from tests.evm.failures.catalogue import word
from tests.evm.failures.disputes import UNPOSTED, unposted
from tests.evm.world import DAY as DAY_SECONDS
from tests.evm.world import World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import DAY, ZONE


def test_a_day_not_posted_pays_the_fixed_sum_to_each_account_once(at: World) -> None:
    for name, home in (("alice", "roof"), ("bob", "flat")):
        before = at.free(name)
        done = send(unposted(at, name, home))
        key = word(at.run_key(UNPOSTED, ZONE))
        told = {"runKey": key, "account": at[name], "zone": word(ZONE), "day": UNPOSTED, "paid": files.DEFAULT}
        assert done.event("UnpostedClaimed") == told
        assert at.free(name) == before + files.DEFAULT


def test_the_checkpoint_of_a_day_not_posted_was_there_in_time() -> None:
    until = (DAY + 1) * DAY_SECONDS + courts.TERMS.posting_lag
    for anchored_at, error in ((until, ""), (until + 1, "AnchoredTooLate")):
        world = courts.empty_court()
        posted = short()
        *early, last = posted.checkpoints()
        moved = last._replace(anchored_at=anchored_at)
        courts.anchor(world, Late(posted.known, [*early, moved]))  # type: ignore[arg-type]
        world.chain.travel(until + 1)
        binding = files.binding_of(posted, posted.known.bindings["roof"])
        call = disputes(world, "claimUnposted", own(world, "alice"), ZONE, DAY, cases.shown(moved), binding, by="alice")
        if not error:
            assert send(call).event("UnpostedClaimed")["paid"] == files.DEFAULT
            continue
        with pytest.raises(Reverted) as caught:
            send(call)
        assert (caught.value.name, caught.value.values) == (error, (anchored_at, until))


class Late:
    """A run's log whose last checkpoint was anchored at another time."""

    def __init__(self, known: Any, listed: list[Any]) -> None:
        self.known, self._listed = known, listed

    def checkpoints(self) -> list[Any]:
        return self._listed
