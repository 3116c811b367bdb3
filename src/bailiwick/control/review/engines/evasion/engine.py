"""Looks at each file for what weakens reviews: comments, settings, git's attributes, code where none is expected."""

import re
import tomllib
from collections.abc import Iterator

from bailiwick.control.review.engines.evasion.hidden_code import hidden_code
from bailiwick.control.review.engines.evasion.pack import words
from bailiwick.control.review.engines.evasion.suppressions import suppressions
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

_LFS = b"version https://git-lfs.github.com/spec/"
_RUNS_BY_ITSELF = frozenset({"sitecustomize.py", "usercustomize.py"})
_IMPORTING_LINE = re.compile(rb"(?m)^import[ \t]")
_ON_OPENING = re.compile(rb'"runOn"\s*:\s*"folderOpen"')
_LARGEST_SETTINGS = 2**20


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what the files of the tip hold of that kind."""
    for file in change.files:
        name = file.path.rpartition("/")[2].lower()
        yield from suppressions(file)
        yield from _settings(file, name)
        yield from _git(file, name)
        yield from _runs_by_itself(file, name)
        yield from hidden_code(file)


def _settings(file: TreeFile, name: str) -> Iterator[Finding]:
    if words("files", "own").fullmatch(name):
        yield Finding(
            rule("review-configuration"), file.path, 0, f"{name} would be an exception of this review", worse=1
        )
    elif words("files", "settings").fullmatch(name):
        yield Finding(
            rule("review-configuration"), file.path, 0, f"{name} is read by another reviewer, not by this one"
        )
    elif name == "pyproject.toml" or name in {"ruff.toml", ".ruff.toml"}:
        yield from _python_settings(file)


def _python_settings(file: TreeFile) -> Iterator[Finding]:
    """Yield a finding where settings of Python's tools switch security off; those of style are anybody's own."""
    try:
        settings = tomllib.loads(file.content[:_LARGEST_SETTINGS].decode())
    except (ValueError, RecursionError):
        return
    tool = settings.get("tool")
    tools = tool if isinstance(tool, dict) else {"ruff": settings}
    if "bandit" in tools:
        yield Finding(rule("review-configuration"), file.path, 0, "[tool.bandit] has no effect here")
    if _switches_off(tools.get("ruff")):
        yield Finding(
            rule("review-configuration"), file.path, 0, "rules of security that ruff is to ignore are not ignored"
        )


def _switches_off(settings: object) -> bool:
    if isinstance(settings, dict):
        ignored = [value for key, value in settings.items() if "ignore" in str(key)]
        return any(map(_names_security, ignored)) or any(map(_switches_off, settings.values()))
    return False


def _names_security(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_names_security, value.values()))
    return isinstance(value, list) and any(isinstance(item, str) and re.fullmatch(r"S\d*|ALL", item) for item in value)


def _git(file: TreeFile, name: str) -> Iterator[Finding]:
    found = rule("git-configuration")
    if file.content.startswith(_LFS):
        yield Finding(rule("lfs-pointer"), file.path, 1, "the file is a pointer of git LFS")
    if name == ".gitmodules":
        yield Finding(found, file.path, 0, "submodules are not fetched here, and their code is not reviewed")
    elif name == ".lfsconfig":
        yield Finding(found, file.path, 0, "nothing is fetched from where LFS keeps files")
    elif name == ".mailmap":
        yield Finding(found, file.path, 0, "names of authors are not changed by it here", worse=-1)
    elif name == ".gitattributes":
        yield from _attributes(file)


def _attributes(file: TreeFile) -> Iterator[Finding]:
    changing, hiding = words("attributes", "changing"), words("attributes", "hiding")
    for number, line in enumerate(file.content.decode(errors="replace").splitlines(), start=1):
        for attribute in [] if line.lstrip().startswith("#") else line.split()[1:]:
            if changing.fullmatch(attribute) or hiding.fullmatch(attribute):
                worse = 0 if changing.fullmatch(attribute) else -1
                message = f"'{attribute[:60]}' has no effect here: what is stored is reviewed and released"
                yield Finding(rule("git-configuration"), file.path, number, message, line.strip()[:200], worse=worse)


def _runs_by_itself(file: TreeFile, name: str) -> Iterator[Finding]:
    found = rule("runs-by-itself")
    if name in _RUNS_BY_ITSELF:
        yield Finding(found, file.path, 0, f"Python runs {name} whenever it starts")
    elif name.endswith(".pth") and b"\0" not in file.content and _IMPORTING_LINE.search(file.content):
        yield Finding(found, file.path, 0, "Python runs the lines of a .pth file that begin with import when it starts")
    elif name == "tasks.json" and _ON_OPENING.search(file.content):
        yield Finding(found, file.path, 0, "the editor runs it when somebody opens the folder")
