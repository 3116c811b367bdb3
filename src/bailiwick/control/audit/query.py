"""Questions to the audit log: filters that combine, written as terms `name=value` that can be kept and sent around."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.event_words import FACTS
from bailiwick.core.events import Outcome

Values = str | tuple[str, ...]
COLUMNS = ("actor", "action", "resource", "app", "outcome", "trace")
_TIMES = ("since", "until")
_MOST_TERMS = 40
_LONGEST = 400
_NAME = re.compile(r"[a-z][a-z_]*(\.[A-Za-z0-9_.-]+)?")
_AGO = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_OUTCOMES = {outcome.value for outcome in Outcome}
_OTHER_WORDS = {"denied": Outcome.REFUSED.value, "ok": Outcome.SUCCESS.value}


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to look for; empty fields do not matter, and all others must fit.

    A field may have several values, of which one must fit; one that ends in `*` fits whatever begins so. Of `text`
    each word must begin a word of the event. `facts` are pairs of a name (`plane`, `context.mode`) and a value.
    `since` (inclusive) and `until` (exclusive) are about when it happened.
    """

    actor: Values = ()
    action: Values = ()
    resource: Values = ()
    app: Values = ()
    outcome: Values = ()
    trace: Values = ()
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    facts: tuple[tuple[str, str], ...] = ()

    def values(self, column: str) -> tuple[str, ...]:
        """Return the values that a column may have; none when it does not matter."""
        found = getattr(self, column)
        return tuple(dict.fromkeys((found,) if isinstance(found, str) and found else found))

    @property
    def is_empty(self) -> bool:
        """Whether every event fits."""
        return not any(getattr(self, field.name) for field in fields(self))


def parse_terms(terms: Iterable[str], now: datetime) -> AuditQuery:
    """Return the question that terms `name=value` ask: several of one column are alternatives.

    A term without `=` is text. Times are ISO 8601 (UTC without a zone) or an age before `now`: `30m`, `12h`, `7d`,
    `2w`. Raises `InvalidInputError` for a name, time or outcome that is none.
    """
    columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
    times: dict[str, datetime] = {}
    texts: list[str] = []
    facts: list[tuple[str, str]] = []
    for name, value in map(_term, _limited(terms)):
        if name in columns:
            columns[name].append(_outcome(value) if name == "outcome" else _pattern(value))
        elif name in _TIMES:
            times[name] = parse_moment(value, now)
        elif name == "text":
            texts.append(value)
        elif name.partition(".")[0] in FACTS:
            facts.append((name, _pattern(value)))
        else:
            known = ", ".join((*COLUMNS, *_TIMES, "text", *FACTS))
            raise InvalidInputError(f"events have no '{name[:40]}'", hint=f"there are: {known}")
    found = {name: tuple(dict.fromkeys(values)) for name, values in columns.items()}
    return AuditQuery(**found, **times, text=" ".join(texts), facts=tuple(facts))  # type: ignore[arg-type]


def _limited(terms: Iterable[str]) -> Sequence[str]:
    found = [term.strip() for term in terms if term.strip()]
    if len(found) > _MOST_TERMS or any(len(term) > _LONGEST for term in found):
        raise InvalidInputError(f"a search has {_MOST_TERMS} terms of {_LONGEST} characters at most")
    return found


def _term(term: str) -> tuple[str, str]:
    name, sign, value = term.partition("=")
    if not sign or not _NAME.fullmatch(name):
        return "text", term
    if not value:
        raise InvalidInputError(f"'{term[:60]}' has no value", hint="write name=value, such as action=app.*")
    return name, value


def _pattern(value: str) -> str:
    if "*" in value[:-1] or "\0" in value:
        raise InvalidInputError(f"'{value[:60]}' is no name to look for", hint="a * may stand at the end only")
    return value


def _outcome(value: str) -> str:
    found = _OTHER_WORDS.get(value, value)
    if found not in _OUTCOMES:
        raise InvalidInputError(f"nothing ends with '{value[:40]}'", hint=f"there are: {', '.join(sorted(_OUTCOMES))}")
    return found


def parse_moment(text: str, now: datetime) -> datetime:
    """Return the moment that a text names: ISO 8601, or an age before `now`; raise `InvalidInputError` for neither."""
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise InvalidInputError(
            f"'{text[:40]}' is not a time", hint="write 2026-03-01T12:00 (in UTC), or an age such as 7d or 12h"
        ) from fault
