"""Requirements files as pip reads them: pins, hashes, markers, options, includes (pip's "Requirements File Format")."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from bailiwick.control.review.engines.packages.model import PYPI, Kind, Package, Problem, Reading, python_name

_HASH = re.compile(r"--hash[=\s]+([a-z0-9]+:[0-9a-fA-F]+)")
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"^(-[a-zA-Z]|--[a-z-]+)(?:[=\s]+(.*))?$")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_NAMED = re.compile(r"[\w.-]+\s*(?:\[[^\]]*\])?\s*(?:@\s|[=<>~!;])")
_OTHER_INDEX = frozenset({"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--pre"})
_FORMATS = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz")


def read(path: str, text: str, kind: Kind) -> Reading:
    """Yield the packages and problems of a requirements, constraints or pip lock file."""
    for number, line, note in _lines(text):
        option = _OPTION.match(line)
        if option is None:
            yield _package(path, number, line, kind, note)
        elif option[1] in {"-e", "--editable"}:
            yield _from_elsewhere(path, number, option[2] or "", kind, line)
        elif option[1] in _OTHER_INDEX:
            yield _index(path, number, option[1], option[2] or "", line)


def includes(text: str) -> Iterator[tuple[int, str]]:
    """Yield the files that a requirements file takes in, each with its line, as they are written there."""
    for number, line, _ in _lines(text):
        option = _OPTION.match(line)
        if option is not None and option[1] in {"-r", "--requirement", "-c", "--constraint"}:
            yield number, (option[2] or "").strip()


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield logical lines with the number of their first one, and the comments that follow: they say who asked."""
    found: list[tuple[int, list[str], list[str]]] = []
    goes_on = False
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if stripped.startswith("#"):
            goes_on = False
            if found:
                found[-1][2].append(stripped.strip("# "))
            continue
        line = _COMMENT.sub("", raw).strip()
        part = line.removesuffix("\\").strip()
        if goes_on:
            found[-1][1].append(part)
        elif part:
            found.append((number, [part], []))
        goes_on = bool(found) and line.endswith("\\")
    for first, parts, notes in found:
        yield first, " ".join(part for part in parts if part), " ".join(notes)


def _index(path: str, number: int, option: str, value: str, line: str) -> Problem:
    shown = urlsplit(value).hostname or value[:60]
    words = f"{option} {shown}: packages come from the organisation's index and from nowhere else".replace("  ", " ")
    return Problem(
        "package-not-from-index", path, number, words, _without_secrets(line), origin=_without_secrets(value)
    )


def _package(path: str, number: int, line: str, kind: Kind, note: str) -> Package | Problem:
    hashes = tuple(_HASH.findall(line))
    written = re.split(r"\s--(?:hash|config-settings|global-option|install-option)", line, maxsplit=1)[0].strip()
    named = _NAMED.match(written) is not None
    if not named and ("://" in written or written.startswith((".", "/")) or written.lower().endswith(_FORMATS)):
        return _from_elsewhere(path, number, written, kind, line)
    try:
        wanted = Requirement(written)
    except (InvalidRequirement, RecursionError):
        return Problem("dependencies-not-locked", path, number, f"'{written[:60]}' is no requirement", line[:120])
    direct = kind == "manifest" or not note or ("via -r" in note or bool(re.search(r"\s-r\s", f" {note} ")))
    return Package(
        PYPI,
        python_name(wanted.name),
        path,
        number,
        kind,
        version=pinned(str(wanted.specifier)),
        wanted=str(wanted.specifier),
        hashes=hashes,
        origin=_without_secrets(wanted.url or ""),
        asked_by=tuple(_askers(note)),
        direct=direct,
        written=written[:200],
    )


def _askers(note: str) -> Iterator[str]:
    """Yield the packages that a comment `via …` names as those that need this one."""
    _, via, names = note.partition("via ")
    for word in names.split() if via else ():
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", word) and not word.endswith((".in", ".txt", ".toml")):
            yield python_name(word)


def _from_elsewhere(path: str, number: int, written: str, kind: Kind, line: str) -> Package:
    egg = _EGG.search(written)
    name = egg[1] if egg else re.split(r"[-@#]\d|[@#]|\.git\b", written.rstrip("/").rpartition("/")[2])[0]
    shown = _without_secrets(written)
    return Package(PYPI, python_name(name) or shown[:40], path, number, kind, origin=shown, written=shown[:200] or line)


def pinned(specifier: str) -> str:
    """Return the version that a specifier allows alone; empty when it allows several."""
    match = re.fullmatch(r"={2,3}\s*([^*,\s]+)", specifier.strip())
    return match[1] if match else ""


def _without_secrets(text: str) -> str:
    return re.sub(r"://[^/@\s]+@", "://", text)[:200]
