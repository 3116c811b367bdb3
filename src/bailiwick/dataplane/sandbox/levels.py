"""Levels of isolation: which one this host and version give. What is asked for is given or refused, never weakened."""

import ctypes
import shutil
import subprocess

from bailiwick.core.errors import BailiwickError
from bailiwick.core.guardrails import IsolationLevel

_SECONDS = 10
_CREATE_RULESET, _VERSION_FLAG = 444, 1


class LevelRefusedError(BailiwickError):
    """Policy demands a level of isolation that is not to be had here."""

    code = "sandbox.level-refused"
    status = 503


def require_level(level: IsolationLevel) -> None:
    """Return when sandboxes have this level; raise `LevelRefusedError` that says what is missing."""
    if level == "gvisor":
        found = runsc_version()
        words = "it needs gVisor (isolation.level = gvisor), and this host has no runsc"
        hint = "install runsc from gvisor.dev, or let it run at the level process"
        if found:
            words = f"it needs gVisor (isolation.level = gvisor): runsc {found} is here, but no app runs in it yet"
            hint = "this version of Bailiwick has the level process only; an administrator of guardrails may allow that"
        raise LevelRefusedError(words, hint=hint)
    if level == "kubernetes":
        raise LevelRefusedError(
            "it needs a pod of its own (isolation.level = kubernetes), and this plane starts processes on its own host",
            hint="this version of Bailiwick has the level process only; an administrator of guardrails may allow that",
        )


def landlock_version() -> int:
    """Return the version of Landlock's interface in this kernel, 0 when it has none (landlock_create_ruleset(2))."""
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)))


def runsc_version() -> str:
    """Return the version of gVisor's runtime on this host, empty when there is none."""
    program = shutil.which("runsc")
    if program is None:
        return ""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.partition("\n")[0].removeprefix("runsc version ").strip()[:80] or "of an unknown version"
