"""What can go wrong when a sandbox is made. There is never a fall-back to something weaker."""

from bailiwick.core.errors import SandboxUnavailableError, UnavailableError

__all__ = ["LayerError", "SandboxStartError", "SandboxUnavailableError"]


class SandboxStartError(UnavailableError):
    """The sandbox could not be started."""

    code = "sandbox.not-started"


class LayerError(UnavailableError):
    """The app's dependencies could not be installed from its lock file."""

    code = "sandbox.layer-not-built"
    status = 422
