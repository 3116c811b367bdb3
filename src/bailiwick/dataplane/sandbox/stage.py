"""The first program inside a sandbox: a second wall around files (Landlock), the filter whose refusals are counted
outside, then the command. Standard library only.

It runs from the sandbox's own runtime, so it can import nothing of Bailiwick.
"""

import _socket
import ctypes
import fcntl
import os
import struct
import sys

# The numbers and flags are those of landlock(7).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1
_READ = 1 << 2 | 1 << 3 | 1 << 0  # read a file, read a directory, execute
_SCOPED_ABI, _SCOPED = 6, 1 << 0 | 1 << 1  # abstract Unix sockets, signals
_WRITE_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_WRITABLE = ("/tmp", "/dev", "/storage")  # noqa: S108 - the sandbox's own
_INGRESS_FD = 3
_HIGHEST_FD = 4096
_SECCOMP = {"x86_64": 317, "aarch64": 277}  # seccomp(2)
_SET_FILTER, _NEW_LISTENER = 1, 8  # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER
_FILTER_BYTES = 1 << 16


def _syscall(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def restrict_files() -> None:
    """Allow reading everywhere in this root and writing in /tmp, /dev and storage only, from this process on.

    Where the kernel knows how, signals and abstract sockets reach nothing that is not below this process, either.
    """
    abi = _syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if abi < 1:
        return
    handled = max(rights for least, rights in _WRITE_BY_ABI.items() if least <= abi)
    # No rules for TCP: in its network namespace there is nothing but what was planted.
    attributes = struct.pack("QQQ", handled, 0, _SCOPED) if abi >= _SCOPED_ABI else struct.pack("Q", handled)
    ruleset = _syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        sys.exit("sandbox: Landlock refused its rules")
    for path, rights in [("/", _READ), *((path, handled) for path in _WRITABLE)]:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", rights, folder)
        if _syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0) != 0:
            sys.exit(f"sandbox: Landlock refused the rule for {path}")
        os.close(folder)
    if _syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        sys.exit("sandbox: Landlock did not take effect")
    os.close(ruleset)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def hand_refusals_on(content: bytes, door: int) -> None:
    """Set a filter and send its listener out through a Unix socket; nothing of either stays open here."""
    program = _Program(len(content) // 8, content)
    listener = _syscall(_SECCOMP[os.uname().machine], _SET_FILTER, _NEW_LISTENER, ctypes.byref(program))
    if listener < 0:
        sys.exit("sandbox: the filter of system calls could not be set")
    outside = _socket.socket(fileno=door)
    rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("i", listener))
    outside.sendmsg([b"l"], [rights])
    outside.close()
    os.close(listener)


def main() -> None:
    """Put up the walls and become the command; the ingress socket, when there is one, becomes descriptor 3.

    The first argument is its number, the second those of the filter and of the door for its listener, by a colon.
    """
    ingress, watched, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    content, door = b"", -1
    if watched:
        number, _, way_out = watched.partition(":")
        content = os.read(int(number), _FILTER_BYTES)
        door = fcntl.fcntl(int(way_out), fcntl.F_DUPFD_CLOEXEC, _INGRESS_FD + 1)
    if ingress and int(ingress) != _INGRESS_FD:
        os.dup2(int(ingress), _INGRESS_FD)
    first = _INGRESS_FD + bool(ingress)
    os.closerange(first, door if watched else _HIGHEST_FD)
    os.closerange(max(door + 1, first), _HIGHEST_FD)
    if ingress:
        os.set_inheritable(_INGRESS_FD, True)
    restrict_files()
    if watched:
        hand_refusals_on(content, door)
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the point
    except OSError as fault:
        sys.stderr.write(f"sandbox: cannot run {command[0]}: {fault.strerror}\n")
        sys.exit(127 if isinstance(fault, FileNotFoundError) else 126)


if __name__ == "__main__":
    main()
