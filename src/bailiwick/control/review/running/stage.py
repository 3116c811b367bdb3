"""The first program of a worker: it takes away from itself what a worker needs not, then becomes one.

It runs with the standard library only, until its orders say where the rest is.
"""

import base64
import ctypes
import importlib.util
import json
import os
import resource
import signal
import sys

_SET_PARENT_DEATH, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVILEGES = 1, 4, 22, 38  # prctl(2)
_FILTER_MODE = 2
_HEAD_BYTES = 8
_PACKAGE = "bailiwick.control.review"
_FILTER_STEP_BYTES = 8


class _Program(ctypes.Structure):
    """`struct sock_fprog` of seccomp(2)."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _read(count: int) -> bytes:
    content = b""
    while len(content) < count:
        piece = os.read(0, count - len(content))
        if not piece:
            sys.exit("the control plane is gone")
        content += piece
    return content


def _prctl(libc: ctypes.CDLL, *arguments: object) -> None:
    if libc.prctl(*arguments) != 0:
        sys.exit(f"prctl {arguments[0]} failed: {os.strerror(ctypes.get_errno())}")


def confine(orders: dict[str, object]) -> None:
    """Set limits, take the uid of the orders, and put up the filter of system calls."""
    limits = orders["limits"]
    assert isinstance(limits, dict)  # noqa: S101 - ours
    for name, value in limits.items():
        kind = getattr(resource, name)
        most = resource.getrlimit(kind)[1]
        least = int(value) if most == resource.RLIM_INFINITY else min(int(value), most)
        resource.setrlimit(kind, (least, least))
    uid = orders["uid"]
    if isinstance(uid, int):
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    libc = ctypes.CDLL(None, use_errno=True)
    # A change of uid took this away (prctl(2)).
    _prctl(libc, _SET_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    _prctl(libc, _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    # What engines leave behind, or become, cannot look into the process that starts them.
    _prctl(libc, _SET_DUMPABLE, 0, 0, 0, 0)
    steps = base64.b64decode(str(orders["filter"]))
    if steps:
        program = _Program(len(steps) // _FILTER_STEP_BYTES, steps)
        _prctl(libc, _SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)


def main() -> None:
    """Read the orders, confine this process, and serve."""
    orders = json.loads(_read(int.from_bytes(_read(_HEAD_BYTES))))
    confine(orders)
    sys.path[:] = orders["paths"]
    sys.prefix, sys.exec_prefix = orders["prefix"], orders["prefix"]
    # The package's face would load the database and more, of which a worker needs nothing.
    spec = importlib.util.find_spec(_PACKAGE)
    assert spec is not None  # noqa: S101 - this file is in it
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    from bailiwick.control.review.running.worker import serve  # noqa: PLC0415 - not there before

    serve(orders["registry"], orders["scratch"])


if __name__ == "__main__":
    main()
