"""Paths that code reads and writes, against what there is in a sandbox: the app's own tree, and /tmp to write to."""

import posixpath
import re

from bailiwick.control.review.engines.declared.addresses import HOLE
from bailiwick.control.review.engines.declared.model import Use

# Where every program looks, and what the sandbox has.
_USUAL = (
    "/dev/null", "/dev/urandom", "/dev/random", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/tmp",  # noqa: S108
    "/usr/share", "/etc/ssl", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/os-release",
    "/proc/self/status", "/proc/self/cgroup", "/dev/tty", "/proc/meminfo", "/proc/cpuinfo",
)  # fmt: skip
STORAGE, STORAGE_VARIABLE = "/storage", "STORAGE_DIR"
_SENSITIVE = re.compile(
    r"^(/etc/(passwd|shadow|sudoers|hosts|kubernetes|crontab)|/proc/(self|\d+)/(environ|mem|maps|cmdline|root)|/root\b|"
    r"/var/run/(docker|secrets)|/run/secrets|/var/lib/kubelet|/sys/|/boot/|/home/|~|.*/\.(ssh|aws|kube|docker|gnupg|"
    r"config/gcloud|netrc|pgpass|git-credentials)\b)"
)


def judged(use: Use, *, has_storage: bool) -> tuple[str, Use, str] | None:
    """Return rule, use and words when a file is none of the app's; None when it is, or cannot be told.

    `has_storage` is whether the app has a folder of its own to keep files in.
    """
    path = use.what.removeprefix("file://")
    if not path or path.startswith(HOLE):
        return None
    shown = path.replace(HOLE, "…")[:120]
    if _SENSITIVE.match(path):
        return "sensitive-file", use, f"{shown} holds what is none of the app's"
    whole = posixpath.normpath(path)
    outside = whole.startswith("/") or whole.startswith("../")
    there = (*_USUAL, STORAGE) if has_storage else _USUAL
    if outside and any(whole == usual or whole.startswith(f"{usual}/") for usual in there):
        return None
    if use.writes and (outside or (HOLE not in whole and not whole.startswith((":", "/")))):
        storage = f" and {STORAGE} ({STORAGE_VARIABLE})" if has_storage else ""
        words = f"{shown} is written, but only /tmp (TMPDIR){storage} can be where the app runs"
        return "writes-outside", use, words
    if whole.startswith("/") and len(whole) > 1 and HOLE not in whole.split("/")[1]:
        return "undeclared-file", use, f"{shown} is not there where the app runs: it has its own tree only"
    return None
