"""What notices say, as text for mail and as JSON for chats."""

import re
from collections.abc import Sequence

from bailiwick.control.notices.model import Notice

# Characters that break lines, hide text or turn it around (CVE-2021-42574).
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\u061c]+")
_LONGEST_LINE = 300


def subject(notice: Notice) -> str:
    """Return the subject of a mail."""
    if notice.content.alert:
        return f"Alert ({plain(notice.content.alert_severity)}): {plain(notice.content.alert_rule)}"
    if notice.content.budget:
        return "A budget of models"
    urgent = "EMERGENCY: " if notice.content.emergency else ""
    return f"{urgent}{plain(notice.content.app)} waits for your approval"


def mail_text(notice: Notice, link: str, choices: str) -> str:
    """Return the text of a mail to a person: what is asked, what is new in reach, and the link that is theirs."""
    said = notice.content
    if said.alert:
        return _short_text(plain(said.alert), "Look at it and answer:", link, choices)
    if said.budget:
        return _short_text(plain(said.budget), "All budgets, and what is used of them:", link, choices)
    first = ["This is its first deploy: an administrator decides."] if said.first_deploy else []
    behalf = [f"You decide for {plain(said.behalf)}, who handed that to you."] if said.behalf else []
    urgent = [f"This is an EMERGENCY that takes two people: {plain(said.emergency)}"] if said.emergency else []
    lines = [
        f"{plain(said.asked_by)} asks to bring {plain(said.app)} to production.",
        *urgent,
        *first,
        *behalf,
        "",
        *_reach(said.added, "  + "),
        "",
        "Look at it and decide (the link is for you, works once, and asks you to sign in):",
        link,
        f"It is good until {notice.link_ends:%Y-%m-%d %H:%M} UTC. Opening it decides nothing.",
        "",
        f"No mail like this any more: {choices}",
    ]
    return "\n".join(lines) + "\n"


def chat_message(notice: Notice, card: str) -> dict[str, str]:
    """Return the JSON that Slack and what is compatible with it takes; the link in it is anybody's and nobody's."""
    said = notice.content
    if said.alert:
        head = f"*{_escaped(said.alert_severity)}* {_escaped(said.alert_rule)}: {_escaped(said.alert)}"
        return {"text": f"{head}\n<{card}|Look at it and answer>"}
    if said.budget:
        return {"text": f"{_escaped(said.budget)}\n<{card}|Look at budgets>"}
    kind = "its first deploy" if said.first_deploy else "a deploy"
    lines = [f"*EMERGENCY*, it takes two people: {_escaped(said.emergency)}"] if said.emergency else []
    lines += [
        f"*{_escaped(said.app)}* waits for a decision: {_escaped(said.asked_by)} asks for {kind} to production.",
        *(_escaped(line) for line in _reach(said.added, "• ")),
        f"<{card}|Look at it and decide>",
    ]
    return {"text": "\n".join(lines)}


def _short_text(sentence: str, ways_on: str, link: str, choices: str) -> str:
    lines = [
        f"{sentence}.",
        "",
        ways_on,
        link,
        "",
        f"No mail like this any more: {choices}",
    ]
    return "\n".join(lines) + "\n"


def _reach(added: Sequence[str], mark: str) -> list[str]:
    if not added:
        return ["Nothing is new in its reach."]
    return ["New in its reach:", *(f"{mark}{plain(line)}" for line in added)]


def plain(text: str) -> str:
    """Return a text without what breaks lines, hides or turns text around, cut to a line."""
    return _UNSEEN.sub(" ", text)[:_LONGEST_LINE]


def _escaped(text: str) -> str:
    """Return a text without what would be markup, a link or a call of everybody (https://api.slack.com/reference/surfaces/formatting)."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
