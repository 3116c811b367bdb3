"""Fetches the packages that the sample app installs from: a step of setting up, never of running."""

import subprocess
import sys
from pathlib import Path

_LOCK = Path(__file__).parent / "apps" / "refund_desk" / "requirements.lock"


def main() -> None:
    """Fetch into a folder: `python -m bailiwick.demo.packages fetch DIRECTORY`."""
    if sys.argv[1:2] != ["fetch"]:
        sys.exit("usage: python -m bailiwick.demo.packages fetch DIRECTORY")
    target = sys.argv[2]
    print("Fetching the sample app's packages ...")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes",
               "--only-binary", ":all:", "--dest", target, "--requirement", str(_LOCK)]  # fmt: skip
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
