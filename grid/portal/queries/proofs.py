"""How far a reading, a trade or a statement is proven, in the words of a person who never saw a chain."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from grid.accounts.pages import formats
from grid.records.queries import anchored_checkpoint_covering, latest_anchored
from grid.settlement.models import RunState, SettlementRun

SETTLED = (RunState.POSTED, RunState.FINAL)


@dataclass(frozen=True)
class Step:
    """One of the four steps, done or not, with what it means."""

    label: str
    explanation: str
    done: bool


@dataclass(frozen=True)
class Proof:
    """Where something stands between "recorded" and "final"."""

    recorded: bool
    anchored: bool
    anchored_at: datetime | None
    run: SettlementRun | None

    @property
    def settled(self) -> bool:
        return self.run is not None and self.run.state in SETTLED

    @property
    def final(self) -> bool:
        return self.run is not None and self.run.state == RunState.FINAL

    @property
    def label(self) -> str:
        """The last step reached, for a table's cell."""
        reached = [step.label for step in self.steps if step.done]
        return reached[-1] if reached else _("Expected")

    @property
    def steps(self) -> list[Step]:
        posted = None if self.run is None else self.run.posted_at
        ends = None if self.run is None else self.run.final_at
        return [
            Step(
                _("Recorded"),
                _("Written into the append-only log. Nothing there is ever edited."),
                self.recorded,
            ),
            Step(
                _("Anchored"),
                _("The log's fingerprint stands on the chain since %(time)s.")
                % {"time": formats.moment(self.anchored_at)}
                if self.anchored_at
                else _("The log's next fingerprint on the chain will cover it."),
                self.anchored,
            ),
            Step(
                _("Settled"),
                _("The day's result was booked on %(time)s.") % {"time": formats.moment(posted)}
                if self.settled
                else _("The day is settled after it has ended."),
                self.settled,
            ),
            Step(_("Final"), _final_words(self.final, ends), self.final),
        ]


def _final_words(final: bool, ends: datetime | None) -> str:
    if final:
        return _("The time to object is over.")
    if ends is not None:
        return _("You can object until %(time)s.") % {"time": formats.moment(ends)}
    return _("After the time to object, which begins when the day is settled.")


def anchored_size() -> int:
    """How many entries of the log an anchored checkpoint covers: those with a lower index."""
    last = latest_anchored()
    return 0 if last is None else last.size


def proof_of(index: int | None, run: SettlementRun | None) -> Proof:
    """The proof of one entry and of the run that settles its day."""
    covering = None if index is None else anchored_checkpoint_covering(index + 1)
    return Proof(
        recorded=index is not None,
        anchored=covering is not None,
        anchored_at=None if covering is None else covering.anchored_at,
        run=run,
    )
