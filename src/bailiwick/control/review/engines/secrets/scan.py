"""Reads every blob, commit and name of a push, in the clear and in what it encodes, and says where credentials are.

Contents are scanned whole, with RE2, whose time is linear in the text: no push can make the scan take for ever.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from bailiwick.control.review.engines.secrets.decoding import decodings, texts
from bailiwick.control.review.engines.secrets.joining import Joined
from bailiwick.control.review.engines.secrets.lines import Lines
from bailiwick.control.review.engines.secrets.unpacking import Budget
from bailiwick.control.review.model import BLOCKING, Change, Finding, PushedBlob, Severity, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.redaction import Own
from bailiwick.core.redaction.secrets.assignments import assigned
from bailiwick.core.redaction.secrets.formats import formed
from bailiwick.core.redaction.secrets.hits import Hit
from bailiwick.core.redaction_rules import OwnRules

_DEEPEST = 3
_MOST_OF_A_FILE = 100
_MOST_HITS = 2_000
_SHOWN_OF_A_FORM = 4

Look = Callable[[bytes, str], Iterator[Hit]]


def check(change: Change, surroundings: Surroundings) -> Iterator[Finding]:
    """Yield a finding for each line with a credential that is known by its form, or by its name and its look, and with
    a value that the organisation says is its own.
    """
    yield from _findings(change, _look)
    own = _own(surroundings.own)
    if own:
        yield from _own_values(change, own)


def known_values(change: Change, known: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield a finding for each text, encoded ones too, of which `known` says that it holds a value of the vault."""
    return _findings(change, lambda text, _: _known_values(text, known))


def masked(text: str, path: str) -> str:
    """Return a short text of some file with every credential that is seen in it left out."""
    written = text.encode(errors="surrogatepass")
    for secret in sorted({hit.secret for hit in _look(written, path)}, key=len, reverse=True):
        written = written.replace(secret, b"***")
    return written.decode(errors="surrogatepass")


def _look(text: bytes, path: str) -> Iterator[Hit]:
    yield from formed(text)
    yield from assigned(text, path)


@lru_cache(maxsize=4)
def _own(rules: OwnRules) -> Own:
    return Own(rules)


def _own_values(change: Change, own: Own) -> Iterator[Finding]:
    for blob in _blobs(change):
        lines = Lines(blob.content)
        told: set[tuple[int, str]] = set()
        for item in own.found(blob.content.decode(errors="replace"), blob.content):
            place = (lines.number_at(item.start), item.kind)
            if place not in told and len(told) < _MOST_OF_A_FILE:
                told.add(place)
                message = f"a value of the organisation's own ({item.kind})"
                yield Finding(rule("own-value-in-code"), blob.path, place[0], message, message, blob.commit)


def _findings(change: Change, look: Look) -> Iterator[Finding]:
    budget = Budget()
    seen: set[tuple[str, bytes]] = set()
    for blob in _blobs(change):
        for line, hit in _one_a_line(_scan(blob, look, budget)):
            # History repeats what stays in a file, commit by commit.
            if blob.commit and (blob.path, hit.secret) in seen:
                continue
            seen.add((blob.path, hit.secret))
            yield _finding(blob, line, hit)


def _finding(blob: PushedBlob, line: int, hit: Hit) -> Finding:
    where = f" in commit {blob.commit[:10]}, which the push brings" if blob.commit else ""
    message = f"{hit.kind} ({_shown(hit)}){where}"
    worse = hit.level - Severity.CRITICAL
    return Finding(rule("secret-in-code"), blob.path, line, message, message, blob.commit, worse=worse)


def _blobs(change: Change) -> Iterator[PushedBlob]:
    """Yield what there is to read: the tip's files, what only the commits hold, their words too, and names."""
    tip = {(file.path, file.content) for file in change.files}
    yield from (PushedBlob("", file.path, file.content) for file in change.files)
    yield from (blob for blob in change.history if (blob.path, blob.content) not in tip)
    yield from (PushedBlob("", path, path.encode(errors="replace")) for path in _paths(change))


def _paths(change: Change) -> Iterable[str]:
    names = {entry.path.decode(errors="backslashreplace") for entry in change.entries}
    return sorted(names | {file.path for file in change.files} | {blob.path for blob in change.history})


def _one_a_line(hits: Iterable[tuple[int, Hit]]) -> Iterator[tuple[int, Hit]]:
    """Yield the worst hit of each line, and of a file as many as anybody reads, the worst of them; an encoded one once.

    What does not block is never counted: a file full of examples hides no secret behind them.
    """
    worst: dict[int, Hit] = {}
    seen: set[bytes] = set()
    blocking = 0
    for line, hit in hits:
        blocking += hit.level >= BLOCKING
        if blocking > _MOST_HITS:
            break
        if (hit.encoded and hit.secret in seen) or (line in worst and hit.level <= worst[line].level):
            continue
        seen.add(hit.secret)
        worst[line] = hit
    kept = sorted(worst.items(), key=lambda item: -item[1].level)[:_MOST_OF_A_FILE]
    yield from sorted(kept, key=lambda item: item[0])


def _scan(blob: PushedBlob, look: Look, budget: Budget) -> Iterator[tuple[int, Hit]]:
    for text in texts(blob.content, budget):
        lines = Lines(text)
        for hit in _hits(text, blob.path, look, 0):
            yield lines.number_at(hit.place), hit
        joined = Joined(text)
        if joined.text:
            for hit in _hits(joined.text, blob.path, look, 0):
                yield lines.number_at(joined.place_before(hit.place)), hit


def _hits(text: bytes, path: str, look: Look, depth: int) -> Iterator[Hit]:
    """Yield what a text holds, in the clear or in what it encodes."""
    yield from look(text, path)
    if depth < _DEEPEST:
        for place, decoded in decodings(text):
            for hit in _hits(decoded, path, look, depth + 1):
                kind = hit.kind if hit.encoded else f"encoded {hit.kind}"
                yield replace(hit, kind=kind, place=place, encoded=True)


def _known_values(text: bytes, known: Callable[[str], bool]) -> Iterator[Hit]:
    if not known(text.decode(errors="replace")):
        return
    place = 0
    for line in text.split(b"\n"):
        if known(line.decode(errors="replace")):
            yield Hit("value of a secret in the vault", b"known", place, Severity.CRITICAL)
            return
        place += len(line) + 1
    yield Hit("value of a secret in the vault", b"known", 0, Severity.CRITICAL)


def _shown(hit: Hit) -> str:
    """Return what may be said of a secret: how its form begins, which is the issuer's, and its length."""
    begin = f"{hit.secret[:_SHOWN_OF_A_FORM].decode(errors='replace')}…, " if hit.known_form and _has_mark(hit) else ""
    return f"{begin}{len(hit.secret)} characters"


def _has_mark(hit: Hit) -> bool:
    return len(hit.secret) >= 5 * _SHOWN_OF_A_FORM and "password" not in hit.kind
