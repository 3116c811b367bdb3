"""Levels of isolation: which one this host and version give. What is asked for is given or refused, never weakened."""

from bailiwick.core.errors import BailiwickError
from bailiwick.core.guardrails import IsolationLevel
from bailiwick.dataplane.sandbox.gvisor import why_no_gvisor


class LevelRefusedError(BailiwickError):
    """Policy demands a level of isolation that is not to be had here."""

    code = "sandbox.level-refused"
    status = 503


def levels_here() -> list[IsolationLevel]:
    """Return the levels that sandboxes on this host can have."""
    return ["process", "gvisor"] if why_no_gvisor() is None else ["process"]


def require_level(level: IsolationLevel, platform: str = "") -> None:
    """Return when sandboxes have this level; raise `LevelRefusedError` that says what is missing.

    `platform` is gVisor's. The first time, a sandbox of that level is tried, which takes a moment.
    """
    if level == "gvisor":
        missing = why_no_gvisor(platform)
        if missing is not None:
            words, hint = missing
            raise LevelRefusedError(f"it needs gVisor (isolation.level = gvisor): {words}", hint=hint)
    if level == "kubernetes":
        raise LevelRefusedError(
            "it needs a pod of its own (isolation.level = kubernetes), and this plane starts processes on its own host",
            hint="this version of Bailiwick has process and gvisor; an administrator of guardrails may allow those",
        )
