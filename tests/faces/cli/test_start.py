"""The command line starts at once: it loads no part of the control plane before a verb needs one."""

import subprocess
import sys

import pytest

_PARTS = ("bailiwick.control", "bailiwick.dataplane", "bailiwick.store", "sqlalchemy", "fastapi", "pglast")


@pytest.mark.req("DM1")
def test_asking_the_server_something_loads_no_part_of_the_product() -> None:
    asked = (
        "import sys; from bailiwick.faces.cli import main; main._mount_demo();"
        f"print([name for name in {_PARTS} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
