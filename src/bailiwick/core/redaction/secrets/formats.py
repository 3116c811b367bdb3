"""Credentials by the forms that their issuers document, each with what else must hold of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bailiwick.core.redacting import FORMS
from bailiwick.core.redaction.secrets.checks import CHECKS, JUDGE_ALONE, Check, is_example
from bailiwick.core.redaction.secrets.hits import Hit
from bailiwick.core.redaction.secrets.pack import pack
from bailiwick.core.redaction.sieve import Sieve, best
from bailiwick.core.severity import Severity

# The name of what a value opens, then a word for secrets, then what stands between a name and its value.
_IN_CONTEXT = (
    r"(?i:(?:%s)[\w .-]{0,30}(?:key|token|secret|passw|auth|pat|credential|sid|dsn|bearer)\w{0,20})"
    r"[\x22\x27\x60\\\s:=>,(\]]{1,10}(?:Bearer |Token |SSWS )?(%s)(?:[^A-Za-z0-9_+/=-]|$)"
)


@dataclass(frozen=True)
class Kind:
    """A kind of credential: its pattern, how bad it is, what else must hold, and what is in a text that has it."""

    name: str
    pattern: str
    level: Severity
    check: Check | None
    gate: str


@cache
def kinds() -> tuple[Kind, ...]:
    """Return the kinds of the pack, those known by themselves first."""
    document = pack()
    patterns = dict(document["formats"])
    patterns |= {name: _IN_CONTEXT % tuple(words) for name, words in document["in_context"].items()}
    checks, levels, gates = document["checks"], document["levels"], document["gates"]
    return tuple(
        Kind(
            name,
            pattern,
            Severity[levels.get(name, "critical").upper()],
            CHECKS[checks[name]] if name in checks else None,
            gates.get(name, pattern),
        )
        for name, pattern in patterns.items()
    )


@cache
def _sieve() -> Sieve:
    patterns = [*(kind.pattern for kind in kinds()), *FORMS]
    return Sieve(patterns, lambda _: best([*(kind.gate for kind in kinds()), *FORMS]))


def formed(text: bytes, *, strict: bool = False) -> Iterator[Hit]:
    """Yield what has the form of a credential and passes the check of its kind; with `strict` also what has a form that
    nothing else looks like, whatever else holds of it.
    """
    for index, match in _sieve().matches(text):
        if index >= len(kinds()):
            if strict:
                yield Hit("credential", match[0], match.start(), Severity.CRITICAL, known_form=True)
            continue
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
