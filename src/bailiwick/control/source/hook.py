"""The pre-receive hook: asks the running control plane and says what it answers. Standard library only, starts fast.

Its single argument, fixed in the hook file, is the control plane's socket. Without an answer the push is refused.
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
    except (OSError, ValueError):
        sys.stderr.write("Bailiwick does not answer, so this push was not reviewed and is refused. Try again.\n")
        return 1
    for line in answer["lines"]:
        sys.stderr.write(line + "\n")
    return 0 if answer["accepted"] else 1


if __name__ == "__main__":
    sys.exit(main())
