"""Secrets: credentials in any blob of any commit of a push, encoded ones too. A finding never holds the secret.

Contents are scanned whole, with RE2, whose time is linear in the text: no push can make the scan take for ever.
"""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import re2

from bailiwick.control.review.engines.decoding import Joined, decodings, texts
from bailiwick.control.review.engines.unpacking import Budget
from bailiwick.control.review.model import Change, Finding, PushedBlob, Surroundings
from bailiwick.control.review.rules import rule

# Each kind is matched by the form that its issuer documents.
_KINDS = tuple(
    (kind, re2.compile(pattern))
    for kind, pattern in (
        ("AWS access key", rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
        ("GitHub token", rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{82})\b"),
        ("GitLab token", rb"\bglpat-[A-Za-z0-9_-]{20,}\b"),
        ("Slack token", rb"\bxox[abposr]-[A-Za-z0-9-]{10,}\b"),
        ("Slack webhook", rb"https://hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}"),
        ("Stripe key", rb"\b[rs]k_live_[A-Za-z0-9]{16,}\b"),
        ("Google API key", rb"\bAIza[A-Za-z0-9_-]{35}\b"),
        ("OpenAI key", rb"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}\b"),
        ("Anthropic key", rb"\bsk-ant-[A-Za-z0-9_-]{32,}\b"),
        ("Bailiwick token", rb"\bbw[stc]_[A-Za-z0-9_-]{43}\b"),
        ("private key", rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----"),
        ("JSON web token", rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}\b"),
        ("password in a URL", rb"\b[a-z][a-z0-9+]{2,15}://[^\s:/@'\"{}$<>]{1,64}:([^\s:/@'\"{}$<>%]{6,})@[\w.-]+"),
    )
)
_ASSIGNED = re2.compile(
    rb"(?i)\b[\w.-]*(?:secret|token|passw(?:or)?d|api_?key|access_?key|credential)[\w.-]*['\"]?\s*[:=]\s*['\"]([^'\"\s]{12,128})['\"]"
)
_PLACEHOLDERS = re2.compile(rb"(?i)example|changeme|placeholder|your[-_]|xxxx|\*\*\*|<[^>]+>|\$\{|dummy|sample|test")
_LEAST_ENTROPY = 3.3
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class _Hit:
    kind: str
    secret: bytes
    place: int


Look = Callable[[bytes], Iterator[_Hit]]


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield a finding for each credential that is known by its form."""
    return _findings(change, _formed)


def known_values(change: Change, known: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield a finding for each text, encoded ones too, of which `known` says that it holds a value of the vault."""
    return _findings(change, lambda text: _known_values(text, known))


def _findings(change: Change, look: Look) -> Iterator[Finding]:
    seen: set[tuple[str, str, bytes]] = set()
    tip = {(file.path, file.content) for file in change.files}
    blobs = [PushedBlob("", file.path, file.content) for file in change.files]
    blobs += [blob for blob in change.history if (blob.path, blob.content) not in tip]
    budget = Budget()
    for blob in blobs:
        for line, hit in _scan(blob.content, look, budget):
            key = (blob.path, hit.kind, hit.secret)
            if key in seen:
                continue
            seen.add(key)
            where = f" in commit {blob.commit[:10]}, which the push brings" if blob.commit else ""
            message = f"{hit.kind} ({_shown(hit.secret)}){where}"
            yield Finding(rule("secret-in-code"), blob.path, line, message, _shown(hit.secret), blob.commit)


def _scan(content: bytes, look: Look, budget: Budget) -> Iterator[tuple[int, _Hit]]:
    for text in texts(content, budget):
        # Counting lines again for each hit would take quadratic time, which a push could ask for.
        ends = [match.start() for match in re.finditer(rb"\n", text)]
        for hit in _hits(text, look, 0):
            yield bisect_left(ends, hit.place) + 1, hit
        joined = Joined(text)
        if len(joined.text) < len(text):
            for hit in _hits(joined.text, look, 0):
                yield bisect_left(ends, joined.place_before(hit.place)) + 1, hit


def _hits(text: bytes, look: Look, depth: int) -> Iterator[_Hit]:
    """Yield what a text holds, in the clear or in what it encodes."""
    yield from look(text)
    if depth < _DEEPEST:
        for place, decoded in decodings(text):
            for hit in _hits(decoded, look, depth + 1):
                kind = hit.kind if hit.kind.startswith("encoded ") else f"encoded {hit.kind}"
                yield _Hit(kind, hit.secret, place)


def _formed(text: bytes) -> Iterator[_Hit]:
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            found = match[match.lastindex or 0]
            if not (kind == "password in a URL" and _PLACEHOLDERS.search(found)):
                yield _Hit(kind, found, match.start())
    for match in _ASSIGNED.finditer(text):
        if not _PLACEHOLDERS.search(match[1]) and _entropy(match[1]) >= _LEAST_ENTROPY and _mixed(match[1]):
            yield _Hit("hard-coded credential", match[1], match.start())


def _known_values(text: bytes, known: Callable[[str], bool]) -> Iterator[_Hit]:
    if not known(text.decode(errors="replace")):
        return
    place = 0
    for line in text.split(b"\n"):
        if known(line.decode(errors="replace")):
            yield _Hit("value of a secret in the vault", b"known", place)
            return
        place += len(line) + 1
    yield _Hit("value of a secret in the vault", b"known", 0)


def _mixed(text: bytes) -> bool:
    return any(0x30 <= byte <= 0x39 for byte in text) and any(chr(byte).isalpha() for byte in text)  # noqa: PLR2004


def _entropy(text: bytes) -> float:
    """Return Shannon's entropy in bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _shown(secret: bytes) -> str:
    return f"{secret[:4].decode(errors='replace')}…, {len(secret)} characters"
