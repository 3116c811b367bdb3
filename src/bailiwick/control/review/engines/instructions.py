"""Text that addresses whoever reviews: in comments, strings, names of files, documents, pages, encoded or not.

Text is read as a person or a model would read it: without what cannot be seen, look-alike letters as what they look
like, sentences whole though they go over several lines of a comment. What it says is weighed by signals (see
`packs/instructions.toml`); only what speaks to a reviewer, or sets instructions aside outside of quotes, weighs enough.
"""

import codecs
import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import re2

from bailiwick.control.review.engines.lookalikes import skeleton
from bailiwick.control.review.engines.secrets.decoding import decodings
from bailiwick.control.review.engines.source import Kind, Syntax, ending, kind_of, parts, syntax_of, text_of
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import packed, rule
from bailiwick.core.artifacts import TreeFile

_NEAR = 400
_MOST_OF_ONE_FILE = 20
_LONGEST_LINE = 20_000
_DEEPEST = 3  # encodings in each other
_LEADER = re.compile(r"^(?:[\s>|]|#+|//+!?|/\*+|\*+/?|--+|;+|<!--|\{#|%+|rem\b|'''|\"\"\")*", re.IGNORECASE)
_TRAILER = re.compile(r"(?:\s|\*+/|-->|#\}|\\n|[\"'`]+[,)]*)*$")
_BLANKS = re.compile(r"[\s\u00a0]+")
_SPACED = re.compile(r"\b(?:\w[ ._-]){5,}\w\b")
_ESCAPES = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\n|\\t")
_TAGS = {code: code - 0xE0000 for code in range(0xE0020, 0xE007F)}
_QUOTES = "\"'`“”‘’«»"
# No signal is without one of these words, so that most files are left after one look.
_HINT = re2.compile(
    "(?i)review|audit|scanner|approve|ignor|disregard|forget|overrid|bypass|instruct|system|assistant|verdict|"
    r"false.positive|lgtm|<\||\[/?INST|olvida|oublie|dimentica|忽略|无视|無視|指示|命令|忘记|игнорируй|забудь".encode()
)
_ROT13_HINT = re2.compile(rb"(?i)erivrj|vtaber|vafgehpg|nccebir")


@dataclass(frozen=True, slots=True)
class _Signal:
    name: str
    of_review: bool
    weight: int
    pattern: "re2._Regexp[str]"


@dataclass(frozen=True, slots=True)
class _Hit:
    signal: _Signal
    place: int
    end: int


@dataclass(frozen=True)
class _Prose:
    """The words of a text in one line, and which line of the file each place came from."""

    text: str
    starts: list[int]
    numbers: list[int]

    def line(self, place: int) -> int:
        return self.numbers[max(0, bisect_right(self.starts, place) - 1)]


@cache
def _signals() -> tuple[_Signal, ...]:
    found = []
    for written in packed("instructions"):
        for signal in written.get("signal", ()):
            whole = "|".join(f"(?:{pattern})" for pattern in signal["patterns"])
            found.append(
                _Signal(signal["name"], signal["about"] == "review", signal["weight"], re2.compile(f"(?i){whole}"))
            )
    return tuple(found)


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield a finding for each place that addresses a reviewer; the names of files are text as well."""
    for file in change.files:
        name = re.sub(r"[_\-./]+", " ", file.path)
        if heavy := _heaviest(_prose(name), None):
            yield _finding(file.path, 0, heavy, file.path[:200])
        yield from _file(file)


def _file(file: TreeFile) -> Iterator[Finding]:
    text = text_of(file.content)
    if text is None:
        text = _other_encoding(file.content)
        if text is None:
            return
    elif "\0" in text:
        return
    lines = text.split("\n")
    found: dict[int, Finding] = {}
    for number, words, quoted in _readings(file, text):
        prose = _prose(words) if number == 0 else _prose(words, number)
        for hits in _groups(prose):
            if not _weighs(hits, prose, quoted):
                continue
            line = prose.line(hits[0].place)
            shown = lines[line - 1].strip()[:200] if line <= len(lines) else ""
            found.setdefault(line, _finding(file.path, line, hits, shown))
            if len(found) >= _MOST_OF_ONE_FILE:
                break
    yield from found.values()


def _finding(path: str, line: int, hits: list[_Hit], shown: str) -> Finding:
    names = ", ".join(dict.fromkeys(hit.signal.name for hit in hits))
    return Finding(rule("instructions-to-reviewers"), path, line, f"the text {_and(names)}", shown)


def _and(names: str) -> str:
    head, comma, last = names.rpartition(", ")
    return f"{head} and {last}" if comma else last


def _other_encoding(content: bytes) -> str | None:
    marks = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
    return next((content.decode(name, errors="replace") for mark, name in marks if content.startswith(mark)), None)


def _readings(file: TreeFile, text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield what a file says and encodes, each with its line (0: as the words stand) and whether it is quoted.

    Words in the strings of code count as quoted: a list of attacks that a filter knows is no attack.
    """
    if not text.isascii():
        text = _seen(text)
    syntax = syntax_of(file.path, file.content)
    raw = text.encode()
    if _HINT.search(raw) or _SPACED.search(text):
        if syntax in {Syntax.PYTHON, Syntax.SLASH, Syntax.SQL} and kind_of(file.path) is Kind.CODE:
            comments, strings = _apart(text, syntax)
            yield 0, comments, False
            yield 0, strings, True
        else:
            yield 0, _unescaped(text) if ending(file.path) in {"ipynb", "json"} else text, False
    if "&#" in text or "\\u00" in text or "\\x" in text:
        plain = _unescaped(html.unescape(text))
        if _HINT.search(plain.encode()):
            yield 0, plain, True
    if _ROT13_HINT.search(raw):
        yield 0, codecs.decode(text, "rot13"), False
    starts = [match.end() for match in re.finditer(rb"\n", raw)]
    for place, decoded in _decoded(raw, _DEEPEST):
        if _HINT.search(decoded):
            yield bisect_right(starts, place) + 1, decoded.decode(errors="replace"), False


def _decoded(raw: bytes, depth: int) -> Iterator[tuple[int, bytes]]:
    for place, decoded in decodings(raw):
        yield place, decoded
        if depth > 1:
            for _, inner in _decoded(decoded, depth - 1):
                yield place, inner


def _seen(text: str) -> str:
    """Return a text as the eye, or a model, has it: hidden letters shown, the invisible gone, look-alikes as they look.

    Words that are wholly of another alphabet stay as they are.
    """
    shown = "".join(
        sign for sign in text.translate(_TAGS) if sign == "\n" or unicodedata.category(sign) not in {"Cf", "Mn"}
    )

    def plain(match: re.Match[str]) -> str:
        looks = skeleton(match[0])
        return looks if looks.isascii() else match[0]

    return re.sub(r"\w*[^\W\x00-\x7f]\w*", plain, shown) if len(shown) < 2**20 else shown


def _unescaped(text: str) -> str:
    """Return a text with its escapes as what they stand for; line ends as blanks, so that lines keep numbers."""

    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        sign = chr(int(code, 16)) if code else " "
        return " " if sign == "\n" or "\ud800" <= sign <= "\udfff" else sign

    return _ESCAPES.sub(plain, text)


def _apart(text: str, syntax: Syntax) -> tuple[str, str]:
    """Return the comments of code, and its strings without their quotes; both with the lines of the text."""
    comments: list[str] = []
    strings: list[str] = []
    done = 0
    for part in parts(text, syntax):
        between = "\n" * text.count("\n", done, part.start)
        inside = text[part.start : part.end]
        done = part.end
        blank = "\n" * inside.count("\n")
        comments += [between, inside if part.comment else blank]
        strings += [between, blank if part.comment else inside.strip("\"'`")]
    return "".join(comments), "".join(strings)


def _prose(text: str, number: int = 0) -> _Prose:
    """Return the words of a text; `number` is the line of all of it, else its own lines count."""
    pieces: list[str] = []
    starts: list[int] = []
    numbers: list[int] = []
    length = 0
    for own, line in enumerate(text.split("\n"), start=1):
        words = _TRAILER.sub("", _LEADER.sub("", line)) if len(line) < _LONGEST_LINE else line
        words = _BLANKS.sub(" ", _SPACED.sub(_close, words)).strip()
        if words:
            pieces.append(words)
            starts.append(length)
            numbers.append(number or own)
            length += len(words) + 1
    return _Prose(" ".join(pieces), starts or [0], numbers or [number or 1])


def _close(match: re.Match[str]) -> str:
    return re.sub(r"[ ._-]", "", match[0])


def _groups(prose: _Prose) -> Iterator[list[_Hit]]:
    """Yield what signals are near together, in order."""
    hits = sorted(
        (
            _Hit(signal, match.start(), match.end())
            for signal in _signals()
            for match in signal.pattern.finditer(prose.text)
        ),
        key=lambda hit: hit.place,
    )
    group: list[_Hit] = []
    for hit in hits:
        if group and hit.place - group[0].place > _NEAR:
            yield group
            group = [item for item in group if hit.place - item.place <= _NEAR]
        group.append(hit)
    if group:
        yield group


def _heaviest(prose: _Prose, quoted: bool | None) -> list[_Hit] | None:
    return next((hits for hits in _groups(prose) if _weighs(hits, prose, bool(quoted))), None)


def _weighs(hits: list[_Hit], prose: _Prose, quoted: bool) -> bool:
    """Say whether signals near each other are an attempt: to a reviewer, or to a model where nobody quotes them."""
    signals = {hit.signal.name: hit.signal for hit in hits}.values()
    to_review = sum(signal.weight for signal in signals if signal.of_review)
    to_model = sum(signal.weight for signal in signals if not signal.of_review)
    least = _least()
    if to_review >= least or (to_review and to_review + to_model >= least + 1):
        return True
    aside = [hit for hit in hits if not hit.signal.of_review and hit.signal.weight >= least - 1]
    return not quoted and any(not _in_quotes(prose.text, hit) for hit in aside)


@cache
def _least() -> int:
    return int(next(iter(packed("instructions")))["least"])


def _in_quotes(text: str, hit: _Hit) -> bool:
    """Say whether somebody quotes it: a quote before it and one behind it, or words that say that it is an example."""
    before, behind = text[max(0, hit.place - 60) : hit.place], text[hit.end : hit.end + 60]
    return any(sign in before for sign in _QUOTES) and any(sign in behind for sign in _QUOTES)
