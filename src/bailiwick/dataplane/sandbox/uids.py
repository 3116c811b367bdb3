"""Which uid the sandboxes of an owner have outside: given out once on a host, remembered there, and never another's.

The register is a file of lines of one length, a digest of an owner each; the place of a line is the uid. Planes on one
host share it, so that the editor's sandboxes never have a uid of production's.
"""

import fcntl
import hashlib
import os
from pathlib import Path

from bailiwick.dataplane.sandbox.errors import SandboxUnavailableError

REGISTER = Path("/var/lib/bailiwick/uids")
# Above what systems give to people and services, below what they give to containers of their own (524288 and up).
FIRST_UID, MOST_UIDS = 200_000, 300_000
_LINE = 65


def uid_of(owner: str, register: Path = REGISTER) -> int | None:
    """Return the uid that an owner's sandboxes have outside; None when we are no root and keep ours.

    Raises `SandboxUnavailableError` when it cannot be remembered, or all are given out.
    """
    if os.geteuid() != 0:
        return None
    line = hashlib.sha256(owner.encode()).hexdigest().encode() + b"\n"
    try:
        register.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(register, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            return FIRST_UID + _place_of(line, file.fileno())
    except OSError as fault:
        raise SandboxUnavailableError(
            f"no uid can be had for a sandbox: {fault.strerror}", hint=f"{register} must be root's, and have room"
        ) from None


def _place_of(line: bytes, file: int) -> int:
    """Return the place of a line, which is added when it is not there. The file is locked."""
    size = os.fstat(file).st_size
    known = os.pread(file, size, 0)
    for place in range(size // _LINE):
        if known[place * _LINE : (place + 1) * _LINE] == line:
            return place
    place = size // _LINE  # half a line, of somebody who was cut off, is written over
    if place >= MOST_UIDS:
        raise SandboxUnavailableError("every uid for sandboxes is given out on this host")
    if os.pwrite(file, line, place * _LINE) != _LINE:
        raise OSError(0, "the register could not be written whole")
    return place
