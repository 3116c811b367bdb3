"""Landlock: which version of its interface this kernel has."""

import ctypes

_CREATE_RULESET, _VERSION_FLAG = 444, 1


def landlock_version() -> int:
    """Return the version of Landlock's interface in this kernel, 0 when it has none (landlock_create_ruleset(2))."""
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)))
