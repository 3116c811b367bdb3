"""Credentials by the forms that their issuers document, each with what else must hold of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bailiwick.core.redaction.secrets.checks import CHECKS, JUDGE_ALONE, Check, is_example
from bailiwick.core.redaction.secrets.hits import Hit
from bailiwick.core.redaction.secrets.pack import pack
from bailiwick.core.redaction.sieve import Sieve
from bailiwick.core.severity import Severity

# The name of what a value opens, then a word for secrets, then what stands between a name and its value.
_IN_CONTEXT = (
    r"(?i:(?:%s)[\w .-]{0,30}(?:key|token|secret|passw|auth|pat|credential|sid|dsn|bearer)\w{0,20})"
    r"[\x22\x27\x60\\\s:=>,(\]]{1,10}(?:Bearer |Token |SSWS )?(%s)(?:[^A-Za-z0-9_+/=-]|$)"
)


@dataclass(frozen=True)
class Kind:
    """A kind of credential: its pattern, how bad it is, and what else must hold."""

    name: str
    pattern: str
    level: Severity
    check: Check | None


@cache
def kinds() -> tuple[Kind, ...]:
    """Return the kinds of the pack, those known by themselves first."""
    document = pack()
    patterns = dict(document["formats"])
    patterns |= {name: _IN_CONTEXT % tuple(words) for name, words in document["in_context"].items()}
    checks, levels = document["checks"], document["levels"]
    return tuple(
        Kind(
            name,
            pattern,
            Severity[levels.get(name, "critical").upper()],
            CHECKS[checks[name]] if name in checks else None,
        )
        for name, pattern in patterns.items()
    )


@cache
def _sieve() -> Sieve:
    return Sieve([kind.pattern for kind in kinds()])


def formed(text: bytes) -> Iterator[Hit]:
    """Yield what has the form of a credential and passes the check of its kind."""
    for index, match in _sieve().matches(text):
        kind = kinds()[index]
        group = 1 if match.re.groups else 0
        level = _level(kind, match[group], text, match.end(group))
        if level is not None:
            yield Hit(kind.name, match[group], match.start(group), level, known_form=True)


def _level(kind: Kind, secret: bytes, text: bytes, end: int) -> Severity | None:
    if kind.check not in JUDGE_ALONE and is_example(secret):
        return None
    if kind.check is None:
        return kind.level
    most = kind.check(secret, text, end)
    return None if most is None else min(kind.level, most)
