"""The sample app as git histories: as an agent wrote it at first, with three things wrong, and as it was mended.

Also as an agent would have it with a package of which a fault is known.
"""

import re
import shutil
import subprocess
from pathlib import Path

from bailiwick.control.source import git_environment
from bailiwick.core.manifest import FILE_NAME
from bailiwick.core.offer import own_runtime

_SOURCE = Path(__file__).parent / "apps" / "refund_desk"
_AUTHOR = {
    "GIT_AUTHOR_NAME": "A coding agent",
    "GIT_AUTHOR_EMAIL": "agent@example.com",
    "GIT_COMMITTER_NAME": "A coding agent",
    "GIT_COMMITTER_EMAIL": "agent@example.com",
}
_TRAILERS = "\n\nPrompt: build a refund desk on our orders database\nGenerated-By: claude-code"
_STRING_BUILT = """    query = f"SELECT {COLUMNS} FROM orders WHERE customer_name ILIKE '%{words}%' LIMIT {limit}"
    with connection() as database:
        return database.execute(query).fetchall()
"""
_UNDECLARED = '''"""Exchange rates."""

import json
import urllib.request


def rate(currency: str) -> float:
    """Return the rate of a currency to the euro."""
    with urllib.request.urlopen("https://api.exchange-rates.example/latest") as answer:
        return float(json.load(answer)["rates"][currency])
'''


# Its own hash, though it is never installed: the push is refused.
_VULNERABLE = (
    "python-multipart==0.0.17 \\\n    --hash=sha256:15dc4f487e0a9476cc1201261188ee0940165cffc94429b6fc565c4d3045cb5d\n"
)
_CONVERTED = '''

def in_euro(amount: float, currency: str) -> float:
    """Return an amount of another currency in euro."""
    from refund_desk.rates import rate

    return amount / rate(currency)
'''


def write_first(target: Path) -> None:
    """Write the first version: string-built SQL, a cloud key in an earlier commit, and a host that is not declared."""
    _copy(target)
    orders = target / "refund_desk" / "orders.py"
    text = orders.read_text()
    begin = text.index("    query = f", text.index("def search"))
    end = text.index("\n\n\ndef find")
    orders.write_text(text[:begin] + _STRING_BUILT.rstrip("\n") + text[end:] + _CONVERTED)
    (target / "refund_desk" / "rates.py").write_text(_UNDECLARED)
    # Put together here, so that this file holds no key itself.
    key = "AKIA" + "Q3EGRIFKLT7ZVWXN"
    settings = target / "refund_desk" / "settings.py"
    settings.write_text(f'"""Settings."""\n\nARCHIVE_KEY = "{key}"\n')
    _git(target, "init", "--quiet", "--initial-branch=main")
    _commit(target, "Add the refund desk")
    settings.write_text('"""Settings."""\n\nARCHIVE = False\n')
    _commit(target, "Take the archive out")


def write_second(target: Path) -> None:
    """Write the mended version, with a history of its own."""
    _copy(target)
    _git(target, "init", "--quiet", "--initial-branch=main")
    _commit(target, "Add the refund desk")


def write_vulnerable(target: Path) -> None:
    """Write the mended version with a package in its lock file that the sample advisories speak of."""
    _copy(target)
    lock = target / "requirements.lock"
    pin = re.compile(r"^python-multipart==.*?(?=^    #)", re.MULTILINE | re.DOTALL)
    lock.write_text(pin.sub(lambda _: _VULNERABLE, lock.read_text()))
    _git(target, "init", "--quiet", "--initial-branch=main")
    _commit(target, "Take the version of the parser that is known to work")


def _copy(target: Path) -> None:
    shutil.copytree(_SOURCE, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    manifest = target / FILE_NAME
    manifest.write_text(manifest.read_text().replace('"python3.11"', f'"{own_runtime()}"'))


def _commit(target: Path, subject: str) -> None:
    _git(target, "add", "--all")
    _git(target, "commit", "--quiet", "--message", subject + _TRAILERS)


def _git(target: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=target, check=True, env=git_environment(_AUTHOR), capture_output=True)
