"""Reads what somebody wants to freeze; a name that there is not would freeze nothing, so it is refused."""

import difflib
import re
from collections.abc import Collection

from bailiwick.control.freeze.model import FreezeKind, Scope
from bailiwick.control.review import version_range
from bailiwick.core.errors import InvalidInputError

_ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm"}
_PYPI_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,150}[A-Za-z0-9])?")
_NPM_NAME = re.compile(r"(?:@[A-Za-z0-9._~-]{1,100}/)?[A-Za-z0-9._~-]{1,200}")
_HOW = "say one of: everything, a package (pypi:NAME or npm:NAME), a rule, an integration, a folder"


def scope_of(
    *,
    everything: bool = False,
    package: str = "",
    versions: str = "",
    rule: str = "",
    integration: str = "",
    folder: str = "",
) -> Scope:
    """Return what exactly one of these says; raise `InvalidInputError` for none, several, or what cannot be read."""
    said = [bool(everything), bool(package), bool(rule), bool(integration), bool(folder)]
    if sum(said) != 1:
        raise InvalidInputError("a freeze covers exactly one thing", hint=_HOW)
    if versions and not package:
        raise InvalidInputError("versions are of a package, and none is named", hint="--package npm:lodash")
    if everything:
        return Scope(FreezeKind.EVERYTHING)
    if package:
        return _package(package, versions)
    for kind, subject in ((FreezeKind.RULE, rule), (FreezeKind.INTEGRATION, integration), (FreezeKind.FOLDER, folder)):
        if subject:
            return Scope(kind, subject.strip().removeprefix(f"{kind}:").strip("/"))
    raise InvalidInputError("a freeze covers exactly one thing", hint=_HOW)


def _package(written: str, versions: str) -> Scope:
    kind, colon, name = written.strip().removeprefix("pkg:").partition(":")
    if not colon:
        kind, _, name = written.strip().removeprefix("pkg:").partition("/")
    ecosystem = _ECOSYSTEMS.get(kind.lower(), "")
    if not ecosystem:
        raise InvalidInputError(
            f"'{written[:80]}' does not say of which index the package is", hint="write pypi:requests or npm:lodash"
        )
    name = name.replace("%40", "@")
    pattern = _PYPI_NAME if ecosystem == "PyPI" else _NPM_NAME
    if not pattern.fullmatch(name):
        raise InvalidInputError(
            f"'{name[:80]}' is no name of a package on {ecosystem}",
            hint="the name alone; versions are said apart, for example --versions '<2.32.4'",
        )
    if ecosystem == "PyPI":
        name = re.sub(r"[-_.]+", "-", name).lower()
    return Scope(FreezeKind.PACKAGE, name, ecosystem, version_range(ecosystem, versions).written)


def require_known(scope: Scope, known: Collection[str]) -> None:
    """Return when the subject of a scope is one of those that there are; raise with the nearest one when not."""
    if scope.subject in known:
        return
    close = difflib.get_close_matches(scope.subject, sorted(known), n=1)
    hint = f"did you mean {close[0]}?" if close else "nothing would be frozen by it"
    raise InvalidInputError(f"there is no {scope.kind} '{scope.subject[:80]}'", hint=hint)
