"""Why a claim is refused: one class for each custom error of the contracts, under its name (PROTOCOL §5)."""


class ClaimRefused(Exception):
    """A claim that pays nothing. `values` are those of the contract's custom error, in its order."""

    def __init__(self, *values: object) -> None:
        shown = (value.hex() if isinstance(value, bytes) else str(value) for value in values)
        super().__init__(f"{type(self).__name__}({', '.join(shown)})")
        self.values = values


# Proofs and words.


class InclusionFailed(ClaimRefused):
    """A proof leads to another root: calculated, expected."""


class ProofLengthWrong(ClaimRefused):
    """A proof does not fit the tree's shape: number of its hashes."""


class IndexOutOfRange(ClaimRefused):
    """A place beyond the tree: index, size."""


class WordRefused(ClaimRefused):
    """A word that no writer makes: the word."""


class RegistersWrong(ClaimRefused):
    """The registers are not those that the INTERVAL commits to: given, committed."""


class SlotOutsideDay(ClaimRefused):
    """The slot is not one of the run's day: slot, day."""


class HeaderOfAnotherSlot(ClaimRefused):
    """A header at the place of one slot says another: the header's slot, slot."""


# Runs, checkpoints, standing.


class RunUnknown(ClaimRefused):
    """No such run was posted: run key, sequence."""


class RunNotLatest(ClaimRefused):
    """A later sequence was posted for that zone and day: run key, sequence, the latest."""


class WindowClosed(ClaimRefused):
    """The account's window has passed: until, block time."""


class CheckpointWrong(ClaimRefused):
    """The checkpoint is not the run's, or was not anchored like this: its number, the run's."""


class NotTheAccounts(ClaimRefused):
    """What was opened is another account's: the claim's, the opened one's."""


class NothingToPay(ClaimRefused):
    """With what has been shown no more is owed than was posted and paid: amount, posted, paid."""


class CitationWrong(ClaimRefused):
    """The entry opened is not the one that is cited: its index, the cited index."""


class OfAnother(ClaimRefused):
    """What was opened is another zone's, day's, slot's, point's or kind's: given, expected."""


# ENERGY.


class IntervalNotBetter(ClaimRefused):
    """The INTERVAL is not shown to overrule the cited one: its index, the cited index."""


class QualityNotValid(ClaimRefused):
    """Registers give the energy of valid slots only: the INTERVAL's quality."""


class BindingOfAnother(ClaimRefused):
    """The BINDING is another point's: its point, point."""


class BindingNotOfDay(ClaimRefused):
    """The BINDING does not cover the day: its first day, its end, day."""


class BindingNotBetter(ClaimRefused):
    """The BINDING is neither the cited one nor a later one: its index, the cited index."""


class MeterOfAnother(ClaimRefused):
    """The registers are not those of the BINDING's meter: hash of its serial."""


class RegistersImpossible(ClaimRefused):
    """A register fell by more than a rollover, or a division by zero: start, end, divisor."""


# TRADE.


class HoldCounts(ClaimRefused):
    """The hold counts: its index, when it ends by itself."""


class HeldSlotWrong(ClaimRefused):
    """Held slots are opened in ascending order, before the claimed one, and are held: slot."""


class TradeCited(ClaimRefused):
    """The line cites a fill, its header an auction, and it is not held: place of the fill."""


# PRICE, LIMIT, VOID.


class OrderWrong(ClaimRefused):
    """The line's order hash commits to another order: given, committed."""


class SignalNotFollowed(ClaimRefused):
    """The mandate does not follow the signal."""


class CheckpointsWrong(ClaimRefused):
    """The checkpoints do not follow each other, or were not anchored like this: their numbers."""


class NotLate(ClaimRefused):
    """The entry was anchored in time, or stands outside the checkpoint: index, block time, latest time."""


class EntryRight(ClaimRefused):
    """The entry is what it should be: its index."""


# TOTAL, MALFORMED.


class TotalClaimed(ClaimRefused):
    """That sum was claimed before: run key, sequence, point, slot, account."""


class LinesWrong(ClaimRefused):
    """A running total takes its line and, but for the day's first, the line before: number of lines."""


class PointsWrong(ClaimRefused):
    """Fewer points are opened than the leaves, or the least of them, say the account has: opened, said."""


class PointsUnordered(ClaimRefused):
    """Points are opened in ascending order of their places: place, the one before."""


class SystemAccount(ClaimRefused):
    """System accounts have no points: account."""


class RowNotShown(ClaimRefused):
    """Neither the account's row nor the place where it would stand is shown: account."""


class ChunksWrong(ClaimRefused):
    """A row is shown by one chunk, a missing one by one or two that are neighbours: number of chunks."""


class WellFormed(ClaimRefused):
    """Nothing is wrong with the form of the leaf: slot."""
