"""What the log raises.

LogError
  +-- LogDamaged   what is stored does not have the hash it should have
  +-- Erased       the key of this scope and month was erased, and what it sealed with it
  +-- NotErasable  a key that must not be erased yet, or that there is none of
  +-- NotInLog     an index or size beyond the end of the log
"""


class LogError(Exception):
    """Any refusal of the log."""


class LogDamaged(LogError):
    """Stored data and its hash disagree; the message names the first place found."""


class Erased(LogError):
    """The entry stands in the tree, its content is gone for good."""


class NotInLog(LogError):
    """An index or size that the log has not reached."""


class NotErasable(LogError):
    """A key that is still needed; the message says for what and until when."""
