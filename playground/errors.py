"""Everything that can go wrong on purpose, as one small tree.

::

    PlaygroundError
    ├── OptionError(ValueError)      a setting outside its rule
    ├── ModelNotFound(LookupError)   no such model, folder or file
    ├── ModelUnavailable             a known model that cannot be had now
    │   ├── FetchFailed              network, registry, checksum, disk
    │   ├── FetchCancelled           stopped by the user
    │   ├── TermsNotAccepted         its licence must be read and accepted first
    │   └── BrokenCache              what lies on the disk is not what was put there
    ├── ModelInUse                   it cannot be deleted while somebody has it
    ├── PrecisionUnavailable         this machine cannot run that precision
    ├── ContextOverflow              a prompt that does not fit the window
    ├── StorageFailed                the disk does not give or take a conversation
    ├── NotFinite                    a model's scores are no numbers to choose by
    ├── PolicyRefused(ValueError)    a file of rules that cannot be read as one
    ├── Cancelled                    the user stopped what was asked for
    ├── ContentRefused               the rail blocks what was asked
    └── Busy                         too many replies wait already

A message is one sentence a person can act on: what is wrong, the rule, the value got, what to do.
``apps`` turns the tree into an exit code, an HTTP status or a line on the page, in one place each.
"""


class PlaygroundError(Exception):
    """Base of every error that the playground raises on purpose."""


class OptionError(PlaygroundError, ValueError):
    """A setting is outside its rule."""


class ModelNotFound(PlaygroundError, LookupError):
    """A model name or path leads nowhere."""


class ModelUnavailable(PlaygroundError):
    """A known model cannot be had now."""


class FetchFailed(ModelUnavailable):
    """Fetching failed: network, registry, checksum or disk."""


class FetchCancelled(ModelUnavailable):
    """The user stopped the fetch."""


class TermsNotAccepted(ModelUnavailable):
    """The model's terms must be shown and accepted before it is fetched."""


class BrokenCache(ModelUnavailable):
    """The files in the cache are not the ones that were put there."""


class ModelInUse(PlaygroundError):
    """A model cannot be deleted while somebody uses or fetches it."""


class PrecisionUnavailable(PlaygroundError):
    """A precision that cannot run on this machine."""


class ContextOverflow(PlaygroundError, ValueError):
    """A prompt does not fit the model's context window."""


class StorageFailed(PlaygroundError):
    """The disk does not give or take a conversation."""


class NotFinite(PlaygroundError, ArithmeticError):
    """A model's scores are no numbers that a token could be chosen by."""


class PolicyRefused(PlaygroundError, ValueError):
    """A policy of banned content is not one: its file, line and what is wrong are named."""


class Cancelled(PlaygroundError):
    """The user stopped what was asked for."""


class ContentRefused(PlaygroundError):
    """What was asked may not be asked; the sentence names rule, category and stage."""


class Busy(PlaygroundError):
    """Too many replies wait already."""
