"""What an audit event can be found by: the words of its texts, and each of its facts as `name=value`."""

import re
from collections.abc import Iterator, Mapping

from bailiwick.core.events import AuditEvent

_LONGEST_WORD = 60
_LONGEST_FACT = 200
_MOST = 400  # of one event: a statement of a thousand words is found by its first hundreds
_WORD = re.compile(r"\w+")
# What an event has beside the columns that searches ask; facts of `context`, `before` and `after` are named with a dot.
FACTS = ("release", "plane", "deciders", "acting_for", "client", "client_kind", "context", "before", "after")


def words_of(event: AuditEvent) -> list[str]:
    """Return what the index keeps of an event: folded words and facts, each once, in no order that matters."""
    found: dict[str, None] = {}
    for text in (event.actor, event.action, event.resource, event.reason):
        found.update(dict.fromkeys(words_in(text)))
    for name, value in _flat({name: getattr(event, name) for name in FACTS}):
        found[fact_word(name, value)] = None
        found.update(dict.fromkeys(words_in(value)))
    return list(found)[:_MOST]


def words_in(text: str) -> list[str]:
    """Return the words of a text, folded, as the index keeps them."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(text.casefold())]


def fact_word(name: str, value: str) -> str:
    """Return how the index keeps a fact. PostgreSQL has no NUL in texts."""
    return f"{name}={value.casefold()}".replace("\0", "")[:_LONGEST_FACT]


def _flat(facts: Mapping[str, object], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        path = f"{within}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}.")
        elif isinstance(value, list | tuple):
            yield from ((path, str(item)) for item in value)
        elif value not in (None, ""):
            yield path, str(value)
