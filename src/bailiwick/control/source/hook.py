"""The pre-receive hook: asks the running control plane and says what it answers. Standard library only, starts fast.

Its single argument, fixed in the hook file, is the control plane's socket. What it says on the way is passed on as it
comes; without an answer in the end the push is refused.
"""

import json
import os
import socket
import sys

_SECONDS = 300
_PASSED_ON = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")


def main() -> int:
    """Return 0 when the push may go on."""
    sys.stderr.write("Bailiwick reviews this push ...\n")
    sys.stderr.flush()
    updates = [line.split() for line in sys.stdin.read().splitlines()]
    question = {
        "ticket": os.environ.get("BAILIWICK_PUSH_TICKET", ""),
        "updates": updates,
        "quarantine": {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    }
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(sys.argv[1])
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline())
                while "accepted" not in answer:
                    _show(answer["lines"])
                    answer = json.loads(answers.readline())
    except (OSError, ValueError, KeyError, TypeError):
        sys.stderr.write("Bailiwick does not answer, so this push was not reviewed and is refused. Try again.\n")
        return 1
    _show(answer["lines"])
    return 0 if answer["accepted"] else 1


def _show(lines: list[str]) -> None:
    """Say lines at once: git passes them on while the review runs."""
    sys.stderr.write("".join(line + "\n" for line in lines))
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
