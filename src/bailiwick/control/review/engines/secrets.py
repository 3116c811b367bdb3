"""Secrets: credentials in any blob of any commit of a push, encoded ones too. A finding never holds the secret."""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator

from bailiwick.control.review.model import Change, Finding, PushedBlob
from bailiwick.control.review.rules import RULES

# Each kind is matched by the form that its issuer documents.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{82})\b")),
    ("GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}\b")),
    ("Slack token", re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}\b")),
    ("Slack webhook", re.compile(r"https://hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}")),
    ("Stripe key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}\b")),
    ("Google API key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("OpenAI key", re.compile(r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}\b")),
    ("Anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{32,}\b")),
    ("Bailiwick token", re.compile(r"\bbw[stc]_[A-Za-z0-9_-]{43}\b")),
    ("private key", re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----")),
    ("JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}\b")),
    (
        "password in a URL",
        re.compile(r"\b[a-z][a-z0-9+]{2,15}://[^\s:/@'\"{}$<>]{1,64}:([^\s:/@'\"{}$<>%]{6,})@[\w.-]+"),
    ),
)
_ASSIGNED = re.compile(
    r"(?i)\b[\w.-]*(?:secret|token|passw(?:or)?d|api_?key|access_?key|credential)[\w.-]*['\"]?\s*[:=]\s*['\"]([^'\"\s]{12,128})['\"]"
)
_ENCODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}|(?:[0-9a-f]{2}){20,}")
_PLACEHOLDERS = re.compile(r"(?i)example|changeme|placeholder|your[-_]|xxxx|\*\*\*|<[^>]+>|\$\{|dummy|sample|test")
_LEAST_ENTROPY = 3.3
_MAX_BYTES = 2 * 2**20
_MAX_ENCODED = 2000

Known = Callable[[str], bool]


def check(change: Change, known: Known) -> Iterator[Finding]:
    """Yield a finding for each credential; `known` says whether a text holds a value of the vault."""
    seen: set[tuple[str, str, str]] = set()
    tip = {(file.path, file.content) for file in change.files}
    blobs = [PushedBlob("", file.path, file.content) for file in change.files]
    blobs += [blob for blob in change.history if (blob.path, blob.content) not in tip]
    for blob in blobs:
        for line, kind, secret in _scan(blob.content, known):
            key = (blob.path, kind, secret)
            if key in seen:
                continue
            seen.add(key)
            where = f" in commit {blob.commit[:10]}, which the push brings" if blob.commit else ""
            message = f"{kind} ({_shown(secret)}){where}"
            yield Finding(RULES["secret-in-code"], blob.path, line, message, _shown(secret), blob.commit)


def _scan(content: bytes, known: Known) -> Iterator[tuple[int, str, str]]:
    text = content[:_MAX_BYTES].decode(errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > 20_000:  # noqa: PLR2004 - generated or minified: looked at in pieces
            line = line[:20_000]  # noqa: PLW2901
        yield from ((number, kind, secret) for kind, secret in _in_text(line, known))
        for encoded in _ENCODED.findall(line)[:_MAX_ENCODED]:
            for decoded in _decodings(encoded):
                yield from ((number, f"encoded {kind}", secret) for kind, secret in _in_text(decoded, known))


def _in_text(text: str, known: Known) -> Iterator[tuple[str, str]]:
    if known(text):
        yield "value of a secret in the vault", "known"
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            found = match[match.lastindex or 0]
            if not (kind == "password in a URL" and _PLACEHOLDERS.search(found)):
                yield kind, found
    for match in _ASSIGNED.finditer(text):
        if not _PLACEHOLDERS.search(match[1]) and _entropy(match[1]) >= _LEAST_ENTROPY and _mixed(match[1]):
            yield "hard-coded credential", match[1]


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _decodings(text: str) -> Iterator[str]:
    for decode in (_from_base64, bytes.fromhex):
        try:
            decoded = decode(text)
        except (ValueError, binascii.Error):
            continue
        if decoded and all(32 <= byte < 127 or byte in b"\r\n\t" for byte in decoded):  # noqa: PLR2004 - printable ASCII
            yield decoded.decode()


def _mixed(text: str) -> bool:
    return any(c.isdigit() for c in text) and any(c.isalpha() for c in text)


def _entropy(text: str) -> float:
    """Return Shannon's entropy in bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _shown(secret: str) -> str:
    return f"{secret[:4]}…, {len(secret)} characters"
