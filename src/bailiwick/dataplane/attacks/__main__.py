"""Makes all attempts once, with what of the machine nobody else wants; run as a process by a data plane.

What came of it goes to standard output, as JSON.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from bailiwick.core.errors import BailiwickError
from bailiwick.dataplane.attacks.suite import attack_sandbox
from bailiwick.dataplane.sandbox import ensure_runtime, levels_here

_LEAST_URGENT = 19


def main() -> int:
    """Make them; the one argument is the folder of the runtimes. Return 0, or 1 with the error on standard output."""
    os.nice(_LEAST_URGENT)
    os.umask(0o022)
    try:
        made = asyncio.run(attack_sandbox(ensure_runtime(Path(sys.argv[1])), levels_here()))
        found: dict[str, object] = {"levels": [item.as_json() for item in made]}
    except BailiwickError as fault:
        found = {"error": fault.message, "hint": fault.hint}
    except OSError as fault:
        found = {"error": fault.strerror or str(fault), "hint": ""}
    sys.stdout.write(json.dumps(found))
    return 1 if "error" in found else 0


if __name__ == "__main__":
    sys.exit(main())
