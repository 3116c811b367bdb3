"""Conversations of the studio as pages show them: a step in a few words, and what it all took."""

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.control.studio import Conversation, Kind, State, Step, arguments_of
from bailiwick.core.messages import MILLIONTHS
from bailiwick.faces.console.words import State as Pill
from bailiwick.faces.console.words import count
from bailiwick.faces.studio import step_document

STATES = {
    State.IDLE: Pill("done", "good"),
    State.WORKING: Pill("at work", "warn"),
    State.FAILED: Pill("ended early", "bad"),
    State.STOPPED: Pill("stopped", "plain"),
}
_WHO = {
    Kind.ASKED: "You",
    Kind.SAID: "Agent",
    Kind.TOOL: "Tool",
    Kind.UNDONE: "You",
    Kind.ENDED: "Ended",
}


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as the page shows it: `line` for what a tool did, `text` whole; `changes` where files changed."""

    number: int
    kind: str
    who: str
    text: str
    line: str
    attached: str
    picture: bool
    failed: bool
    changes: bool
    cost: str


def step_views(steps: Sequence[Step], *, own: bool) -> list[StepView]:
    """Return the steps that a page shows."""
    about: dict[str, str] = {}
    views = []
    for step in steps:
        said, shown = step.content, step_document(step, own=own)
        for call, words in zip(said.calls, shown["calls"], strict=True):
            about[call.id] = words["about"]
        if said.kind is Kind.BEGUN or (said.kind is Kind.SAID and not said.text.strip()):
            continue
        line = " ".join(filter(None, (shown["tool"], about.get(said.call_id, "")))) if said.kind is Kind.TOOL else ""
        text = f"went back to step {said.text}" if said.kind is Kind.UNDONE else shown["text"]
        tokens = said.spent.tokens_in + said.spent.tokens_out
        views.append(
            StepView(
                step.number,
                said.kind.value,
                ("You" if own else "The person") if _WHO[said.kind] == "You" else _WHO[said.kind],
                text.strip(),
                line,
                shown["attached"],
                shown["picture"],
                said.failed,
                shown["changes_files"],
                f"{said.spent.model}, {tokens:,} tokens" if said.kind is Kind.SAID else "",
            )
        )
    return views


def asked_to_deploy(steps: Sequence[Step]) -> str:
    """Return the words with which the agent asks for the deploy since the person spoke, empty where it does not."""
    words: dict[str, str] = {}
    asks = ""
    for step in steps:
        said = step.content
        if said.kind is Kind.ASKED:
            asks = ""
        words |= {call.id: str((arguments_of(call) or {}).get("message", "")) for call in said.calls}
        if said.kind is Kind.TOOL and said.tool == "ask_for_deploy" and not said.failed:
            asks = words.get(said.call_id, "")
    return asks


def spent_words(steps: Sequence[Step], currency: str) -> str:
    """Return what a conversation took, in words."""
    said = [step.content.spent for step in steps if step.content.kind is Kind.SAID]
    tools = sum(step.content.kind is Kind.TOOL for step in steps)
    tokens = sum(item.tokens_in + item.tokens_out for item in said)
    cost = sum(item.cost for item in said)
    money = f", {cost / MILLIONTHS:.2f} {currency}" if cost else ""
    return f"{count(len(said), 'answer')}, {count(tools, 'tool call')}, {tokens:,} tokens{money}"


def glance_of(found: Conversation, state: State, words: str) -> str:
    """Return in a sentence how a conversation stands."""
    if state is State.WORKING:
        return f"The agent is writing {found.app} now. You may leave: it goes on."
    if words:
        return f"The last turn ended early: {words}."
    return f"The draft of {found.app} waits for what you say next."
