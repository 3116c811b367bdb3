"""What a host can do for Bailiwick: each check tries the thing itself, and says what to do when it is not there."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_NOBODY = 65534
_SECONDS = 20
_LEAST_BUBBLEWRAP, _LEAST_GIT, _LEAST_PYTHON = (0, 8), (2, 39), (3, 11)
_SCOPED_LANDLOCK = 6
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES = 512
_LEAST_BYTES, _GOOD_BYTES = 2**30, 5 * 2**30


class State(StrEnum):
    """How a check came out: a host that misses something does not run Bailiwick; a weaker one runs with less."""

    GOOD = "good"
    WEAK = "weak"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked for, how it is, in words, and what to do."""

    name: str
    state: State
    words: str
    hint: str = ""


def host_checks(state: Path) -> list[Check]:
    """Return what this host can do; `state` is the directory whose disk is looked at."""
    checks: tuple[Callable[[], Check], ...] = (
        _python, _git, _bubblewrap, _namespaces, _apparmor, _seccomp, _listeners, _landlock, _groups, _gvisor,
        _time_zones,
    )  # fmt: skip
    return [*(check() for check in checks), _disk(state), _storage(state), _clock()]


def _python() -> Check:
    found = sys.version_info[:3]
    words = ".".join(map(str, found))
    return _least("Python", words, found, _LEAST_PYTHON, "install Python 3.11 or newer")


def _git() -> Check:
    return _program("git", "git", _LEAST_GIT)


def _bubblewrap() -> Check:
    return _program("bubblewrap", "bwrap", _LEAST_BUBBLEWRAP)


def _program(name: str, program: str, least: tuple[int, ...]) -> Check:
    hint = f"apt-get install {name}; {'.'.join(map(str, least))} or newer"
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return Check(name, State.MISSING, "it is not installed", hint)
    numbers = re.search(r"\d+(\.\d+)+", done.stdout)
    found = tuple(map(int, numbers[0].split("."))) if numbers else (0,)
    return _least(name, numbers[0] if numbers else "unknown", found, least, hint)


def _least(name: str, words: str, found: tuple[int, ...], least: tuple[int, ...], hint: str) -> Check:
    good = found >= least
    return Check(name, State.GOOD if good else State.MISSING, words, "" if good else hint)


def _namespaces() -> Check:
    """Make what a sandbox is made of, as the ordinary user that apps run as."""
    name = "user namespaces"
    program = shutil.which("bwrap")
    if program is None:
        return Check(name, State.MISSING, "cannot be tried without bubblewrap")
    command = [program, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--dev", "/dev", "true"]
    lesser = _NOBODY if os.geteuid() == 0 else None
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        cwd="/",
        env={},
        user=lesser,
        group=lesser,
        extra_groups=[] if lesser else None,
    )
    if done.returncode == 0:
        return Check(name, State.GOOD, "an ordinary user may make them")
    hint = "sysctl kernel.unprivileged_userns_clone=1, or give bwrap an AppArmor profile"
    return Check(name, State.MISSING, done.stderr.strip()[-200:] or "they cannot be made", hint)


def _seccomp() -> Check:
    try:
        good = "errno" in Path("/proc/sys/kernel/seccomp/actions_avail").read_text().split()
    except OSError:
        good = False
    hint = "" if good else "use a kernel with CONFIG_SECCOMP_FILTER"
    words = "filters can be set" if good else "the kernel has no filters"
    return Check("seccomp", State.GOOD if good else State.MISSING, words, hint)


def _listeners() -> Check:
    from bailiwick.dataplane.sandbox.call_watch import can_watch  # noqa: PLC0415

    if can_watch():
        return Check("seccomp notification", State.GOOD, "refused system calls are shown to builders")
    words = "the kernel has none: refused system calls are refused all the same, but not shown"
    return Check("seccomp notification", State.WEAK, words, "use Linux 5.0 or newer")


def _apparmor() -> Check:
    """Look whether AppArmor keeps ordinary users from making user namespaces, as on Ubuntu."""
    try:
        restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").read_text().strip() == "1"
    except OSError:
        return Check("AppArmor", State.GOOD, "it does not restrict user namespaces")
    if not restricted:
        return Check("AppArmor", State.GOOD, "it is here, and lets user namespaces be made")
    hint = "give bwrap a profile with the rule userns; where the check of user namespaces is good, it has one"
    return Check("AppArmor", State.WEAK, "it restricts user namespaces to programs with a profile", hint)


def _gvisor() -> Check:
    """Let something run in it, as an app would."""
    from bailiwick.dataplane.sandbox.gvisor import find_runsc, platform_of, why_no_gvisor  # noqa: PLC0415

    found = find_runsc()
    if found is None:
        words = "runsc is not here; only apps that need it by a guardrail miss it"
        return Check("gVisor", State.GOOD, f"{words}. The level of isolation here is process")
    missing = why_no_gvisor()
    if missing is None:
        words = f"runsc {found.version} runs, with the platform {platform_of(found.program, '')}"
        return Check("gVisor", State.GOOD, f"{words}. The levels of isolation here are process and gvisor")
    return Check("gVisor", State.WEAK, f"{missing[0]}. The level of isolation here is process", missing[1])


def _time_zones() -> Check:
    if Path("/usr/share/zoneinfo").is_dir():
        return Check("time zones", State.GOOD, "apps find their data")
    return Check("time zones", State.WEAK, "the host has no data: apps know UTC only", "apt-get install tzdata")


def _landlock() -> Check:
    from bailiwick.dataplane.sandbox.landlock import landlock_version  # noqa: PLC0415

    version = landlock_version()
    if version >= _SCOPED_LANDLOCK:
        return Check("Landlock", State.GOOD, f"interface version {version}: files, signals and abstract sockets")
    if version > 0:
        return Check("Landlock", State.GOOD, f"interface version {version}: files")
    return Check(
        "Landlock", State.WEAK, "the kernel has none: one layer less", "boot with lsm=landlock,… when it has it"
    )


def _groups() -> Check:
    """Make a group as a sandbox gets one."""
    from bailiwick.dataplane.sandbox import Limits  # noqa: PLC0415
    from bailiwick.dataplane.sandbox.cgroups import make_group  # noqa: PLC0415

    name, group = "control groups", make_group("doctor", Limits())
    if group is not None:
        group.remove()
        return Check(name, State.GOOD, f"version {group.version}, for limits of all processes of an app together")
    hint = "start as root, or delegate a group with memory and pids (systemd: Delegate=yes)"
    return Check(name, State.WEAK, "none is lent to this user: limits are for each process", hint)


def _disk(state: Path) -> Check:
    place = _existing(state)
    free = shutil.disk_usage(place).free
    level = State.GOOD if free >= _GOOD_BYTES else State.WEAK if free >= _LEAST_BYTES else State.MISSING
    hint = "" if level is State.GOOD else "make room: releases, backups and the audit log grow"
    return Check("disk", level, f"{free / 2**30:.1f} GiB are free at {place}", hint)


def _storage(state: Path) -> Check:
    from bailiwick.dataplane.storage import why_none  # noqa: PLC0415

    why = why_none(_existing(state))
    if not why:
        return Check("storage", State.GOOD, "apps can have files of their own, with a quota that the kernel holds")
    return Check("storage", State.WEAK, f"apps get none: {why}", "start the plane as root, where loop devices are")


def _existing(state: Path) -> Path:
    """Return the state directory, or the nearest above it that there is."""
    return next(folder for folder in (state.absolute(), *state.absolute().parents) if folder.exists())


def _clock() -> Check:
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if 0 <= answer < _TIME_ERROR:
        return Check("clock", State.GOOD, "it is synchronised")
    hint = "run chrony or systemd-timesyncd: certificates, sign-ins and expiry depend on it"
    return Check("clock", State.WEAK, "the kernel does not know it to be synchronised", hint)
