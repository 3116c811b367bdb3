"""Names of branches: which are taken, and the label under which a branch's preview is found.

Two branches of an app never share a label by what their names look like: a name that is a plain label stands for
itself, any other is shortened and marked with a hash of all of it. Whoever searches for two names with one hash meets
the unique label that is kept for each preview.
"""

import hashlib
import re

from bailiwick.core.errors import InvalidInputError

MAIN = "main"
HEADS = "refs/heads/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_LONGEST = 100
_PLAIN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MARKED = re.compile(r".*-x[0-9a-f]{12}")
_LONGEST_LABEL = 40
_MARK_DIGITS = 12
_RULE = "use a-z, A-Z, 0-9, '.', '_', '-' and '/' between parts that begin with a letter or digit, 100 at most"


def checked_branch(name: str) -> str:
    """Return the name of a branch beside main; raise `InvalidInputError` for one that cannot have a preview.

    It must be what git takes (git-check-ref-format(1)), and nothing that reads like main.
    """
    well_formed = len(name) <= _LONGEST and _NAME.fullmatch(name) is not None
    if not well_formed or ".." in name or any(part.endswith((".lock", ".")) for part in name.split("/")):
        raise InvalidInputError(f"{name[:_LONGEST]!r} cannot name a branch here", hint=_RULE)
    if name.split("/", maxsplit=1)[0].lower() in {MAIN, "head"}:
        raise InvalidInputError(
            f"a branch is not called '{name}': it would read like main", hint="choose another name, as fix-login"
        )
    return name


def ref_of(branch: str) -> str:
    """Return the ref of a branch, which is main when its name is empty."""
    return f"{HEADS}{branch or MAIN}"


def branch_label(name: str) -> str:
    """Return the DNS label (RFC 1123) under which a branch's preview is found below its app's."""
    if len(name) <= _LONGEST_LABEL and _PLAIN.fullmatch(name) and not _MARKED.fullmatch(name):
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_LABEL].strip("-")
    mark = hashlib.sha256(name.encode()).hexdigest()[:_MARK_DIGITS]
    return f"{plain}-x{mark}"


def instance_name(app: str, branch: str) -> str:
    """Return how an app's preview is named where one of a branch must not be taken for another's; `@` is in no name."""
    return f"{app}@{branch}" if branch else app
