"""What text hides: invisible and bidirectional characters, look-alike letters, odd encodings, control characters.

Prose of any script is as welcome as English: joiners between letters that need them, emoji made of several, selectors
after what they select, and fullwidth letters in strings are no findings.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bailiwick.control.review.engines.lookalikes import FORMULA_LETTERS, LOOKALIKES, skeleton
from bailiwick.control.review.engines.source import Kind, Lines, Syntax, code_only, kind_of, parts, syntax_of, text_of
from bailiwick.control.review.model import Change, Edit, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

_MOST_OF_ONE_FILE = 50
_LONGEST_EDIT = 2000
_BIDIRECTIONAL = "\u202a-\u202e\u2066-\u2069\u061c\u200e\u200f"
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL = "\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u2028\u2029"
_BIDI = re.compile(f"[{_BIDIRECTIONAL}]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]")
_CONTROLS = re.compile(f"[{_CONTROL}]|\r(?![\r\n])(?=[^\n])")
_ASCII_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]|\r[^\r\n]")
_FAR_RIGHT = re.compile(r"(?<=\S)[ \t\u00a0\u3000]{120,}(?=\S)")
_LAYOUT = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")  # what word processors and pages leave behind
_WORD = re.compile(r"\w+")
_SEGMENT = re.compile(r"[^\W\d_]+|ǃ")
_ADDRESS = re.compile(
    r"https?://[\w.@:-]*[\u2044\u2215\uff0f\u3002\uff0e\uff61\uff1f\uff03\uff20\uff1a][A-Za-z0-9][\w./-]*"
)
_SEMICOLONS = re.compile("[\u037e\ua789\uff1b\u05c3\u2236]")
_DECLARED = re.compile(
    rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)|charset=[\"']?(utf-?(?:7|16|32)[a-z]*)|<\?xml[^>]*encoding=[\"']([-\w]+)",
    re.IGNORECASE,
)
_PLAIN_ENCODINGS = frozenset({"utf-8", "utf8", "utf-8-sig", "utf_8", "ascii", "us-ascii", "u8"})
_JOINED_SCRIPTS = ("ARABIC", "SYRIAC", "MONGOLIAN", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL",
                   "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "THAANA", "NKO", "TIBETAN",
                   "THAI", "LAO", "HEBREW")  # fmt: skip
_BLACK_FLAG = "\U0001f3f4"
_LAST_TAG = "\U000e007f"


@dataclass(frozen=True)
class _Text:
    """A file's text with what is asked of it again and again."""

    path: str
    lines: Lines
    kind: Kind
    syntax: Syntax


Look = Callable[[_Text], Iterator[Finding]]


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings about the names and contents of files."""
    names = _Names(change.files)
    for file in change.files:
        if not file.path.isascii():
            yield from _path(file.path)
        yield from _most(_file(file, names))


def _most(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first findings of each rule, one for a line: a file full of them is one problem."""
    seen: dict[str, set[int]] = {}
    for finding in findings:
        lines = seen.setdefault(finding.rule.id, set())
        if finding.line not in lines and len(lines) < _MOST_OF_ONE_FILE:
            lines.add(finding.line)
            yield finding


def _file(file: TreeFile, names: "_Names") -> Iterator[Finding]:
    kind = kind_of(file.path, file.content)
    yield from _encoding(file, kind)
    if file.content.isascii() and not _ASCII_CONTROLS.search(file.content):
        if kind is Kind.CODE:
            yield from _far_right(_Text(file.path, Lines(file.content.decode()), kind, Syntax.NONE))
        return
    text = text_of(file.content)
    if text is None or (kind is Kind.DATA and "\0" in text):
        return
    read = _Text(file.path, Lines(text), kind, syntax_of(file.path, file.content))
    yield from _bidirectional(read)
    yield from _invisible(read)
    yield from _controls(read)
    if not text.isascii():
        yield from _homoglyphs(read, names)
    if kind is Kind.CODE:
        yield from _far_right(read)


def _path(path: str) -> Iterator[Finding]:
    shown = _visible(path)
    if _BIDI.search(path):
        yield Finding(rule("bidirectional-characters"), shown, 0, "the name of the file holds such characters")
    if any(not _belongs(path, match.start()) for match in _HIDDEN.finditer(path)):
        yield Finding(rule("invisible-characters"), shown, 0, "the name of the file holds such characters")
    for match in _WORD.finditer(path):
        if _mixed(match[0]):
            yield Finding(rule("homoglyphs"), shown, 0, f"'{match[0]}' looks like '{skeleton(match[0])}'")


def _encoding(file: TreeFile, kind: Kind) -> Iterator[Finding]:
    """Yield a finding for text that is not UTF-8 or says of itself that it is not."""
    found = rule("odd-encoding")
    worse = -1 if kind is Kind.PROSE else 0
    if kind is not Kind.DATA and text_of(file.content) is None:
        marked = file.content.startswith((b"\xff\xfe", b"\xfe\xff"))
        words = "it is UTF-16" if marked else f"byte {_first_bad(file.content)} is not UTF-8"
        yield Finding(found, file.path, 0, words, worse=worse)
        return
    for number, line in enumerate(file.content[:4096].split(b"\n")[:20], start=1):
        match = _DECLARED.search(line)
        named = next((group for group in match.groups() if group), b"").decode() if match else ""
        if not named or named.lower() in _PLAIN_ENCODINGS or (match and match[1] and not _python_reads(number, kind)):
            continue
        shown = line.decode(errors="replace").strip()[:200]
        yield Finding(found, file.path, number, f"it says that it is {named[:40]}", shown, worse=worse)


def _python_reads(number: int, kind: Kind) -> bool:
    return number <= 2 and kind is Kind.CODE  # noqa: PLR2004 - PEP 263: the first or second line


def _first_bad(content: bytes) -> int:
    try:
        content.decode()
    except UnicodeDecodeError as fault:
        return fault.start
    return 0


def _each_line(pattern: re.Pattern[str], read: _Text, wanted: Callable[[int], bool]) -> Iterator[tuple[int, int, int]]:
    """Yield place, line and column of what is wanted of a pattern's matches, once for a line."""
    last = 0
    for match in pattern.finditer(read.lines.text):
        number, column = read.lines.at(match.start())
        if number != last and wanted(match.start()):
            last = number
            yield match.start(), number, column


def _bidirectional(read: _Text) -> Iterator[Finding]:
    text = read.lines.text
    for place, number, column in _each_line(_BIDI, read, lambda _: True):
        line = read.lines.line(number)
        right_to_left = any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in line)
        forced = bool(_OVERRIDES.search(line))
        if right_to_left and not forced:
            continue  # marks beside letters that are written from the right
        worse = -2 if right_to_left and read.kind is Kind.PROSE else 0
        yield _found("bidirectional-characters", read, number, column, text[place], worse)


def _invisible(read: _Text) -> Iterator[Finding]:
    text = read.lines.text
    written_for_people = read.kind is Kind.PROSE or read.syntax is Syntax.MARKUP
    for place, number, column in _each_line(_HIDDEN, read, lambda place: not _belongs(text, place)):
        alone = len(_HIDDEN.findall(text[max(0, place - 1) : place + 2])) == 1
        worse = -2 if written_for_people and alone and text[place] in _LAYOUT else 0
        yield _found("invisible-characters", read, number, column, text[place], worse)


def _controls(read: _Text) -> Iterator[Finding]:
    for place, number, column in _each_line(_CONTROLS, read, lambda _: True):
        worse = -1 if read.kind is Kind.PROSE else 0
        yield _found("control-characters", read, number, column, read.lines.text[place], worse)


def _belongs(text: str, place: int) -> bool:
    """Say whether an invisible character has work to do where it stands."""
    sign = text[place]
    before = text[place - 1] if place else ""
    after = text[place + 1] if place + 1 < len(text) else ""
    if sign in "\u200c\u200d":
        letters = _joins(before) and (_joins(after) or not after.strip() or not after.isalnum())
        emoji = sign == "\u200d" and _pictures(before) and _pictures(after)
        return letters or emoji
    if "\ufe00" <= sign <= "\ufe0f":
        return _selectable(before)
    if "\U000e0100" <= sign <= "\U000e01ef":
        return bool(before) and unicodedata.name(before, "").startswith("CJK")
    if "\U000e0020" <= sign <= _LAST_TAG:
        return _flag(text, place)
    if "\u180b" <= sign <= "\u180e":
        return "MONGOLIAN" in unicodedata.name(before, "") if before else False
    return False


def _joins(sign: str) -> bool:
    return bool(sign) and unicodedata.name(sign, "").startswith(_JOINED_SCRIPTS)


def _pictures(sign: str) -> bool:
    """Say whether a sign may be part of an emoji made of several."""
    return bool(sign) and (unicodedata.category(sign) in {"So", "Sk"} or sign in "\ufe0f\u2640\u2642\u200d")


def _selectable(sign: str) -> bool:
    """Say whether a sign has other forms that a selector may choose: pictures, keycaps, symbols, ideographs."""
    if not sign:
        return False
    return sign in "#*0123456789" or unicodedata.category(sign) in {"So", "Sm", "Po", "Pd", "Nl", "No", "Lo"}


def _flag(text: str, place: int) -> bool:
    """Say whether a tag is one of a flag's: a black flag, some letters, and the last tag (UTS 51)."""
    start = text.rfind(_BLACK_FLAG, max(0, place - 8), place)
    end = text.find(_LAST_TAG, place, place + 8)
    return start >= 0 and end >= 0 and all("\U000e0020" <= sign <= _LAST_TAG for sign in text[start + 1 : end])


class _Names:
    """The ASCII names of a whole app, collected once somebody asks."""

    def __init__(self, files: Iterable[TreeFile]) -> None:
        self._files = files
        self._names: frozenset[str] | None = None

    def __contains__(self, name: str) -> bool:
        if self._names is None:
            code = (file.content for file in self._files if kind_of(file.path) is Kind.CODE)
            found = {name for content in code for name in re.findall(rb"[A-Za-z_]\w*", content, re.ASCII)}
            self._names = frozenset(name.decode() for name in found)
        return name in self._names


def _homoglyphs(read: _Text, names: _Names) -> Iterator[Finding]:
    text = read.lines.text
    code = code_only(text, read.syntax) if read.kind is Kind.CODE else ""
    comments = [part for part in parts(text, read.syntax) if part.comment]
    starts = [part.start for part in comments]
    for match in _WORD.finditer(text):
        if match[0].isascii():
            continue
        is_code = bool(code) and code[match.start()] == match[0][0]
        if _mixed(match[0]) or (is_code and _passes_for_another(match[0], names)):
            nearest = bisect_right(starts, match.start()) - 1
            commented = nearest >= 0 and match.start() < comments[nearest].end
            worse = 0 if is_code else -2 if commented or read.kind is Kind.PROSE else -1
            yield _lookalike(read, match.start(), match[0], skeleton(match[0]), worse)
    for match in _ADDRESS.finditer(text):
        yield _lookalike(read, match.start(), match[0][:80], "another address", 0)
    for match in _SEMICOLONS.finditer(code):
        yield _lookalike(read, match.start(), match[0], "; or :", 0)


def _mixed(word: str) -> bool:
    """Say whether letters that look like ASCII stand among ASCII ones in one part of a word, and nothing else does."""
    for segment in _SEGMENT.findall(word):
        others = {sign for sign in segment if not sign.isascii()}
        if others and others <= LOOKALIKES.keys() and any(sign.isascii() for sign in segment):
            if others <= FORMULA_LETTERS:
                continue
            return True
    return "ǃ" in word


def _passes_for_another(word: str, names: _Names) -> bool:
    """Say whether a name in code looks exactly like an ASCII name that the app, or its language, has."""
    looks = skeleton(word)
    if not looks.isascii():
        return False
    normal = unicodedata.normalize("NFKC", word)
    return normal.isascii() or (len(looks) > 1 and looks in names)


def _lookalike(read: _Text, place: int, word: str, looks: str, worse: int) -> Finding:
    number, column = read.lines.at(place)
    others = " ".join(f"U+{ord(sign):04X}" for sign in dict.fromkeys(word[:80]) if not sign.isascii())
    message = f"'{_visible(word[:80])}' looks like '{looks[:80]}' and is not ({others[:120]})"
    shown = _shown(read, number, column)
    return Finding(rule("homoglyphs"), read.path, number, message, shown, column=column, worse=worse)


def _far_right(read: _Text) -> Iterator[Finding]:
    for match in _FAR_RIGHT.finditer(read.lines.text):
        number, column = read.lines.at(match.end())
        shown = re.sub(r"\s{20,}", " … ", _shown(read, number, column))
        message = f"there is more in column {column}"
        yield Finding(rule("hidden-by-whitespace"), read.path, number, message, shown, column=column)


def _found(rule_id: str, read: _Text, number: int, column: int, sign: str, worse: int) -> Finding:
    line = read.lines.line(number)
    edit = None
    if read.kind is not Kind.DATA and "\r" not in line and len(line) < _LONGEST_EDIT:
        edit = Edit(
            read.path, number, number, "".join(char for place, char in enumerate(line) if not _goes(line, place))
        )
    return Finding(
        rule(rule_id),
        read.path,
        number,
        f"U+{ord(sign):04X} {unicodedata.name(sign, 'a control character')}",
        _shown(read, number, column),
        column=column,
        edit=edit,
        worse=worse,
    )


def _goes(line: str, place: int) -> bool:
    sign = line[place]
    return bool(_BIDI.match(sign) or _CONTROLS.match(sign) or (_HIDDEN.match(sign) and not _belongs(line, place)))


def _shown(read: _Text, number: int, column: int) -> str:
    """Return the part of a line around a column."""
    line = read.lines.line(number)
    return _visible(line[max(0, column - 100) : column + 100]).strip()


def _visible(text: str) -> str:
    """Return a text with every character that cannot be seen as its escape."""
    return "".join(
        sign.encode("unicode_escape").decode()
        if _BIDI.match(sign) or _HIDDEN.match(sign) or _CONTROLS.match(sign)
        else sign
        for sign in text
    )
