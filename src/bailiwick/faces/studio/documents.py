"""Conversations and their steps as documents: what the API answers and pages follow, said in one place."""

from typing import Any

from bailiwick.control.app import ControlPlane
from bailiwick.control.studio import SILENT, Conversation, Kind, State, Step, arguments_of
from bailiwick.core.messages import MILLIONTHS
from bailiwick.faces.mcp.words import plain
from bailiwick.faces.studio.sending import preview_address

_LONGEST_SHOWN = 4000
# What of a call says what it is about.
_ABOUT = ("path", "message", "name", "folder", "review")


def conversation_document(control: ControlPlane, item: Conversation) -> dict[str, Any]:
    """Return a conversation as it stands."""
    state, words = stands(control, item)
    return {
        "id": item.id,
        "app": item.app,
        "person": item.person,
        "title": item.title,
        "model": item.model,
        "integrations": list(item.integrations),
        "base": item.base,
        "branch": item.branch,
        "state": state.value,
        "words": words,
        "created": item.created.isoformat(),
        "updated": item.updated.isoformat(),
        "preview": preview_address(control, item),
        "url": f"{control.settings.public_url}/studio/{item.id}",
    }


def stands(control: ControlPlane, item: Conversation) -> tuple[State, str]:
    """Return what a conversation does now: a turn that gave no sign for long is over."""
    if item.state is State.WORKING and control.clock() - item.beat > SILENT:
        return State.FAILED, "it was interrupted; let it go on"
    return item.state, item.words


def step_document(step: Step, *, own: bool = True) -> dict[str, Any]:
    """Return a step. What a person attached is shown to them only."""
    said = step.content
    return {
        "number": step.number,
        "time": step.time.isoformat(),
        "kind": said.kind.value,
        "text": said.text if said.kind is not Kind.TOOL else said.text[:_LONGEST_SHOWN],
        "attached": said.attached if own else ("a table" if said.attached else ""),
        "picture": said.image is not None,
        "calls": [{"tool": plain(call.name), "about": about(step, index)} for index, call in enumerate(said.calls)],
        "tool": plain(said.tool),
        "failed": said.failed,
        "changes_files": said.tree is not None and said.kind is not Kind.BEGUN,
        "model": said.spent.model,
        "tokens_in": said.spent.tokens_in,
        "tokens_out": said.spent.tokens_out,
        "cost": said.spent.cost / MILLIONTHS,
    }


def about(step: Step, index: int) -> str:
    """Return what a call of a step is about, in a word or two."""
    arguments = arguments_of(step.content.calls[index]) or {}
    found = next((str(arguments[name]) for name in _ABOUT if arguments.get(name)), "")
    return plain(found)[:120]
