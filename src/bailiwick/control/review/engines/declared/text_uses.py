"""What JavaScript, shell and configuration use outside: addresses in strings and commands, never in comments."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.declared.addresses import DATABASES, HOLE, address_in
from bailiwick.control.review.engines.declared.clients import MODEL_PACKAGES
from bailiwick.control.review.engines.declared.model import Kind, Use
from bailiwick.control.review.engines.declared.programs import started_by_scripts
from bailiwick.control.review.engines.source import Lines, Part, ending, parts, syntax_of, text_of
from bailiwick.core.artifacts import TreeFile

SCRIPTS = frozenset({"js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte"})
SHELL = frozenset({"sh", "bash", "zsh", "ksh", "fish"})
CONFIGURATION = frozenset({"yaml", "yml", "json", "toml", "ini", "cfg", "conf", "env", "properties"})
_URL = re.compile(r"://[^\s\"'`<>\\]+")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+]{0,14}$")
_VARIABLE = re.compile(r"\bprocess\.env(?:\.([A-Z][A-Z0-9_]*)|\[\s*['\"]([A-Z][A-Z0-9_]*)['\"]\s*\])")
_IMPORT = re.compile(r"(?:\bfrom\s*|\brequire\(\s*|\bimport\s*\(?\s*)$")
# What stands before an address that a browser shows or follows, or that names a namespace.
_SHOWN = re.compile(
    r"(?i)(?:\b(?:href|src|link|homepage|docs?|xmlns\w*|namespaceURI|createElementNS|rel|title|label|description|"
    r"license|repository|bugs|funding|author|\$schema|\$id|id)['\"]?\s*[:=(]\s*[{(]?\s*|console\.\w+\([^)]*)$"
)
_BEFORE = 60
_LONGEST, _LONGEST_SCHEME, _EXCERPT = 1000, 15, 200


def reads(path: str) -> bool:
    """Return whether a file of another language than Python is read here."""
    return ending(path) in SCRIPTS | SHELL | CONFIGURATION


def uses(file: TreeFile) -> Iterator[Use]:
    """Yield what a file uses outside itself; nothing of one that is not UTF-8, which another engine finds."""
    text = text_of(file.content)
    if text is None:
        return
    lines = Lines(text)
    last = ending(file.path)
    yield from _addresses(file, text, lines, strings_only=last in SCRIPTS)
    if last in SCRIPTS:
        yield from _script(file, text, lines)


def _addresses(file: TreeFile, text: str, lines: Lines, *, strings_only: bool) -> Iterator[Use]:
    """Yield the addresses of a file's strings, or of all that is no comment where strings need no quotes."""
    syntax = syntax_of(file.path, file.content)
    spans = list(parts(text, syntax))
    comments = [part for part in spans if part.comment]
    # Elsewhere an address may hold what begins a comment there, as the two slashes of its own.
    areas = [(part.start, part.end) for part in spans if not part.comment] if strings_only else _between(text, comments)
    seen: set[tuple[str, int]] = set()
    for start, end in areas:
        content = text[start:end]
        for match in _URL.finditer(content):
            scheme = _SCHEME.search(content, max(match.start() - _LONGEST_SCHEME, 0), match.start())
            if scheme is None or (strings_only and content[1 : scheme.start()].strip()):
                continue  # words with an address in them are words
            written = f"{scheme[0]}{match[0][:_LONGEST]}"
            found = address_in(re.sub(r"\$\{[^}]*\}?|\$\w+|\{\{.*?\}\}", HOLE, written))
            place = start + scheme.start()
            if found is None or _SHOWN.search(text[max(place - _BEFORE, 0) : start if strings_only else place]):
                continue
            name, host, port = found
            kind: Kind = "database" if name in DATABASES else "host"
            if (host, port) not in seen:
                seen.add((host, port))
                yield _use(kind, f"{host}:{port}", file, lines, place)


def _between(text: str, comments: list[Part]) -> list[tuple[int, int]]:
    areas: list[tuple[int, int]] = []
    done = 0
    for part in comments:
        areas.append((done, part.start))
        done = part.end
    return [*areas, (done, len(text))]


def _without_comments(text: str, comments: list[Part]) -> str:
    """Return a text of the same length in which comments are blank."""
    pieces: list[str] = []
    done = 0
    for part in comments:
        pieces += [text[done : part.start], " " * (part.end - part.start)]
        done = part.end
    return "".join([*pieces, text[done:]])


def _use(kind: Kind, what: str, file: TreeFile, lines: Lines, place: int, *, sure: bool = True) -> Use:
    line, column = lines.at(place)
    begin = lines.start(line)
    # Lines may be as long as the file.
    excerpt = lines.text[begin : begin + _EXCERPT].partition("\n")[0].strip()
    return Use(kind, what, file.path, line, excerpt, column, sure)


def _script(file: TreeFile, text: str, lines: Lines) -> Iterator[Use]:
    spans = list(parts(text, syntax_of(file.path, file.content)))
    code = _without_comments(text, [part for part in spans if part.comment])
    for match in _VARIABLE.finditer(code):
        yield _use("variable", match[1] or match[2], file, lines, match.start(), sure=False)
    for place, found in started_by_scripts(code):
        yield _use("program", ", ".join(found), file, lines, place)
    for part in spans:
        name = text[part.start + 1 : part.end - 1]
        if (
            not part.comment
            and name in MODEL_PACKAGES
            and _IMPORT.search(text[max(part.start - _BEFORE, 0) : part.start])
        ):
            yield _use("model", name, file, lines, part.start)
