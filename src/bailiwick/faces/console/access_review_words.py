"""How access reviews are said on pages: states, evidence in short, chips that filter, and rows by holder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

from bailiwick.control.access_reviews import Campaign, Flag, Item, ItemFilter, Outcome, Verdict
from bailiwick.control.access_reviews import State as Stage
from bailiwick.faces.console.access_words import person_address
from bailiwick.faces.console.words import Kind, State, count

FLAGS = {
    Flag.PRIVILEGED: State("privileged", "warn"),
    Flag.SWITCHED_OFF: State("switched off", "bad"),
    Flag.UNKNOWN_HOLDER: State("nobody known", "bad"),
    Flag.EMPTY_GROUP: State("empty group", "warn"),
    Flag.NEVER_USED: State("never used", "warn"),
    Flag.UNUSED_90_DAYS: State("unused 90 days", "warn"),
    Flag.ALSO_OTHERWISE: State("also otherwise", "plain"),
    Flag.OWNERLESS: State("ownerless", "bad"),
}
_OUTCOMES: dict[Outcome, Kind] = {
    Outcome.KEPT: "good",
    Outcome.REMOVED: "plain",
    Outcome.UNDECIDED: "warn",
    Outcome.GONE: "plain",
    Outcome.CHANGED: "warn",
    Outcome.PROBLEM: "bad",
}
_STAGES: dict[Stage, Kind] = {Stage.DRAFT: "plain", Stage.OPEN: "warn", Stage.CLOSING: "warn", Stage.CLOSED: "good"}
_DECISIONS = (("", "all"), ("no", "undecided"), ("keep", "to keep"), ("remove", "to remove"))


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter: its words, where it leads, and whether it is on."""

    words: str
    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as a row; `mine` where the visitor may decide about it."""

    item: Item
    flags: tuple[State, ...]
    verdict: State
    mine: bool


@dataclass(frozen=True, slots=True)
class HolderLines:
    """The items of one holder that stand together."""

    holder: str
    address: str
    words: str
    lines: tuple[ItemLine, ...]


def stage(campaign: Campaign) -> State:
    """Return where a campaign stands, as a pill."""
    return State(campaign.state.value, _STAGES[campaign.state])


def verdict_state(item: Item) -> State:
    """Return what was decided about an item, or what became of it, as a pill."""
    if item.outcome is not None:
        return State(item.outcome.value, _OUTCOMES[item.outcome])
    if item.verdict is None:
        return State("undecided", "plain")
    return State("keep", "good") if item.verdict is Verdict.KEEP else State("remove", "bad")


def by_holder(items: Sequence[Item], mine: frozenset[int]) -> Iterator[HolderLines]:
    """Yield items by their holder, in the order in which they come."""
    for holder, group in groupby(items, key=lambda item: item.held.holder):
        lines = tuple(
            ItemLine(it, tuple(FLAGS[flag] for flag in it.held.evidence.flags), verdict_state(it), it.number in mine)
            for it in group
        )
        yield HolderLines(holder, person_address(holder), _holder_words(lines[0].item), lines)


def _holder_words(item: Item) -> str:
    evidence = item.held.evidence
    if evidence.members == 0:
        return "no active member"
    words = [count(evidence.members, "active member")] if evidence.members else []
    if evidence.last_sign_in:
        words.append(f"last sign-in {evidence.last_sign_in:%Y-%m-%d}")
    elif item.held.holder.startswith(("user:", "group:")):
        words.append("never signed in")
    return ", ".join(words)


def chips(campaign: Campaign, wanted: ItemFilter) -> tuple[list[Chip], list[Chip]]:
    """Return the filters by decision and by flag, each keeping the others as they are."""
    decisions = [
        Chip(words, address(campaign, wanted, decided=decided), wanted.decided == decided)
        for decided, words in _DECISIONS
    ]
    flags = [
        Chip(said.word, address(campaign, wanted, flag="" if wanted.flag == flag else flag.value), wanted.flag == flag)
        for flag, said in FLAGS.items()
    ]
    return decisions, flags


def address(campaign: Campaign, wanted: ItemFilter, **changed: str) -> str:
    """Return the campaign's page with these filters, some of them changed."""
    asked = {"decided": wanted.decided, "flag": wanted.flag, "text": wanted.text, "holder": wanted.holder} | changed
    query = urlencode({key: value for key, value in asked.items() if value})
    return f"/access-reviews/{campaign.id}{f'?{query}' if query else ''}"


def due_words(due: datetime, now: datetime) -> str:
    """Return when something is due, as people say it."""
    days = (due.date() - now.date()).days
    if due <= now:
        return f"was due {due:%Y-%m-%d}"
    if days <= 1:
        return f"due {'today' if days == 0 else 'tomorrow'}, {due:%H:%M} UTC"
    return f"due {due:%A}" if days < _WEEK else f"due {due:%Y-%m-%d}, in {count(days, 'day')}"


_WEEK = 7
