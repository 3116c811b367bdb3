"""Search in the log of prompts: by model and time in what stands beside entries, by person and text in what is opened.

Entries are sealed one by one, so a text is looked for in one after the other, newest first, and for a time only: where
that ends, a next search goes on.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from bailiwick.dataplane.gateways.model.prompt_log import PromptLog, Read

_AT_ONCE = 50
_MOST_SECONDS = 2.0
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries somebody looks for; what is empty is any. Times are as ISO 8601 writes them, in UTC."""

    model: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    text: str = field(default="", repr=False)

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Wanted":
        """Return what a request asks for; what is too long is cut."""
        return cls(**{item.name: asked.get(item.name, "").strip()[:_LONGEST] for item in fields(cls)})

    @property
    def opens(self) -> bool:
        """Whether entries must be opened to tell."""
        return bool(self.person or self.text)

    @property
    def named(self) -> dict[str, str]:
        """What was asked for but for the text, which may be what must not be told."""
        return {name: value for name in ("model", "person", "since", "until") if (value := getattr(self, name))}

    def matches(self, item: Read) -> bool:
        """Return whether an entry is wanted, as far as it must be opened for that."""
        if not self.opens:
            return True
        if item.entry is None:
            return False
        person, text = str(item.entry.facts.get("person", "")), self.text.casefold()
        return self.person in person and (text in item.entry.prompt.casefold() or text in item.entry.answer.casefold())


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, how many entries were opened for that, and where to go on: 0 where nothing is left."""

    items: tuple[Read, ...]
    looked: int
    before: int


def search(log: PromptLog, key: bytes, app: str, wanted: Wanted, *, before: int = 0, limit: int = 20) -> Found:
    """Return the newest entries of an app that are wanted: those before a number, where one is given."""
    found: list[Read] = []
    looked, ends = 0, time.monotonic() + _MOST_SECONDS
    most = _AT_ONCE if wanted.opens else limit
    while True:
        items = log.read(
            key, app, before=before, limit=most, model=wanted.model, since=wanted.since, until=wanted.until
        )
        for item in items:
            looked, before = looked + 1, item.number
            if wanted.matches(item):
                found.append(item)
                if len(found) == limit:
                    return Found(tuple(found), looked, before)
        if len(items) < most:
            return Found(tuple(found), looked, 0)
        if time.monotonic() > ends:
            return Found(tuple(found), looked, before)
