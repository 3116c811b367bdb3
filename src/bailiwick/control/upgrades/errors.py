"""What can go wrong with upgrades."""

from bailiwick.core.errors import ConflictError, InvalidInputError, UnavailableError


class NotConfiguredError(ConflictError):
    """The settings say nothing of upgrades: then there are none."""

    code = "upgrade.not-configured"


class ReleaseRefusedError(InvalidInputError):
    """A bundle or a channel is not genuine, not whole, too old, or not for this installation; nothing was changed."""

    code = "upgrade.refused"


class UpgradeBusyError(ConflictError):
    """Another upgrade is under way, or the control plane runs."""

    code = "upgrade.busy"


class UpgradeFailedError(UnavailableError):
    """A step of an upgrade failed; the words say what was done about it."""

    code = "upgrade.failed"
