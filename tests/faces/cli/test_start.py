"""The command line starts at once: it loads no part of the control plane before a verb needs one."""

import subprocess
import sys

import pytest

_PARTS = (
    "bailiwick.control", "bailiwick.dataplane", "bailiwick.store", "bailiwick.core.messages", "bailiwick.core.policy",
    "sqlalchemy", "fastapi", "pglast", "cryptography",
)  # fmt: skip


@pytest.mark.req("DM1")
def test_asking_the_server_something_loads_no_part_of_the_product() -> None:
    asked = (
        "import sys; from bailiwick.faces.cli.main import root; root(['deploy', '--help'], standalone_mode=False);"
        f"print([name for name in {_PARTS} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
