"""The first program inside a sandbox: a second wall around files (Landlock), then the command. Standard library only.

It runs from the sandbox's own runtime, so it can import nothing of Bailiwick.
"""

import ctypes
import os
import struct
import sys

# The numbers and flags are those of landlock(7).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1
_READ = 1 << 2 | 1 << 3 | 1 << 0  # read a file, read a directory, execute
_WRITE_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_WRITABLE = ("/tmp", "/dev")  # noqa: S108 - the sandbox's own
_INGRESS_FD = 3
_HIGHEST_FD = 4096


def _syscall(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def restrict_files() -> None:
    """Allow reading everywhere in this root and writing in /tmp and /dev only, for this process and all after it."""
    abi = _syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if abi < 1:
        return
    handled = max(rights for least, rights in _WRITE_BY_ABI.items() if least <= abi)
    attributes = struct.pack("Q", handled)
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


def main() -> None:
    """Put up the wall and become the command; the ingress socket, when there is one, becomes descriptor 3."""
    ingress, command = sys.argv[1], sys.argv[2:]
    if ingress and int(ingress) != _INGRESS_FD:
        os.dup2(int(ingress), _INGRESS_FD)
    os.closerange(_INGRESS_FD + bool(ingress), _HIGHEST_FD)
    if ingress:
        os.set_inheritable(_INGRESS_FD, True)
    restrict_files()
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the point
    except OSError as fault:
        sys.stderr.write(f"sandbox: cannot run {command[0]}: {fault.strerror}\n")
        sys.exit(127 if isinstance(fault, FileNotFoundError) else 126)


if __name__ == "__main__":
    main()
