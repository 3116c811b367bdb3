"""A plane starts at once: it loads nothing large before something needs it, such as what translates statements."""

import subprocess
import sys

import pytest

_PARTS = ("sqlglot", "duckdb", "mcp", "boto3")


@pytest.mark.req("DM1")
def test_a_plane_starts_without_what_translates_to_other_databases() -> None:
    asked = f"import sys, bailiwick.dataplane.app; print([name for name in {_PARTS} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
