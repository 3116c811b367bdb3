"""What a body says of a conversation, on every wire: who says what, which tools are offered, and how it began.

Clients send the whole history each time, so that what is known of a conversation follows from each body alone. Where a
server keeps the history, a body names the answer that it follows.
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bailiwick.dataplane.gateways.model.pieces import dicts_in


class Origin(Enum):
    """Whose words a text is: of whoever made the app, of the person, of the model, or of what a tool brought."""

    INSTRUCTIONS = "instructions"
    PROMPT = "prompt"
    MODEL = "model"
    RESULT = "result"


_ROLES = {
    "system": Origin.INSTRUCTIONS, "developer": Origin.INSTRUCTIONS, "user": Origin.PROMPT,
    "assistant": Origin.MODEL, "tool": Origin.RESULT, "function": Origin.RESULT,
}  # fmt: skip
_PLACES = {
    "system": Origin.INSTRUCTIONS, "instructions": Origin.INSTRUCTIONS, "messages": Origin.PROMPT,
    "input": Origin.PROMPT, "prompt": Origin.PROMPT, "documents": Origin.RESULT,
}  # fmt: skip
# Items that bring what nobody in the conversation wrote.
_BROUGHT = frozenset({"tool_result", "document", "search_result", "file", "input_file", "file_search_call", "mcp_call"})
_BROUGHT_ENDS = ("_output", "_tool_result", "_result")
# What says what an item is, not what is said in it.
_NO_WORDS = frozenset(
    "type role id name status tool_use_id tool_call_id call_id media_type signature encrypted_content".split()
)
_LONGEST_PICTURE_HEAD = "data:"
_MOST_BEGINNING = 4000
# Between a namespace and the tool in it, as clients write it who have no namespaces.
_WITHIN = "__"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Texts by whose they are, in order; the tools that the model is offered; the answer that this follows."""

    texts: Mapping[Origin, list[str]]
    tools: tuple[str, ...]
    follows: str = ""
    kept_as: str = ""

    def id(self, key: bytes, account: str) -> str:
        """Return the name of the conversation: it follows from who has it and how it began, and tells neither."""
        begin = [self.texts[origin][0][:_MOST_BEGINNING] if self.texts[origin] else ""
                 for origin in (Origin.INSTRUCTIONS, Origin.PROMPT)]  # fmt: skip
        said = [self.kept_as] if self.kept_as else begin
        written = "\0".join([account, *said]).encode(errors="surrogatepass")
        return "cnv_" + hmac.digest(key, written, "sha256").hex()[:24]


def read_conversation(document: Mapping[str, Any]) -> Conversation:
    """Return what a body says of a conversation."""
    texts: dict[Origin, list[str]] = {origin: [] for origin in Origin}
    for place, value in document.items():
        if place in _PLACES:
            _gather(value, _PLACES[place], texts)
    follows, kept = document.get("previous_response_id"), document.get("conversation")
    kept = kept.get("id") if isinstance(kept, dict) else kept
    return Conversation(
        texts,
        tuple(dict.fromkeys(name for _, name in _offered(document))),
        follows if isinstance(follows, str) else "",
        kept if isinstance(kept, str) else "",
    )


def without_tools(document: dict[str, Any], closed: frozenset[str]) -> dict[str, Any]:
    """Return a body that offers none of these tools, nor demands one of them."""
    made = dict(document)
    for place in ("tools", "functions"):
        if isinstance(made.get(place), list):
            made[place] = [left for item in made[place] if (left := _left_of(item, closed)) is not None]
    choice = made.get("tool_choice")
    if isinstance(choice, dict) and isinstance(choice.get("tools"), list):
        made["tool_choice"] = choice | {"tools": [item for item in choice["tools"] if _name_of(item) not in closed]}
    if _demanded(made) in closed:
        for place in ("tool_choice", "function_call"):
            made.pop(place, None)
    if not made.get("tools", True):
        # Nothing is left to choose from. Anthropic's wire wants tools where the history has some: then none is chosen.
        if "input_schema" in str(document["tools"]):
            return made | {"tools": document["tools"], "tool_choice": {"type": "none"}}
        for place in ("tools", "tool_choice", "parallel_tool_calls"):
            made.pop(place, None)
    if not made.get("functions", True):
        made.pop("functions")
    return made


def tools_called(document: Any) -> Iterator[str]:
    """Yield the names of the tools that a model asks for in an answer, or in an event of one."""
    if isinstance(document, list):
        for item in document:
            yield from tools_called(item)
    elif isinstance(document, dict):
        kind, name = document.get("type"), document.get("name")
        if isinstance(kind, str) and kind.endswith(("_call", "tool_use")):
            # What a server has itself is called by what it is, and its way to others by their label.
            label, within = document.get("server_label"), document.get("namespace")
            called = f"{within}{_WITHIN}{name}" if within and name else name or kind.removesuffix("_call")
            yield from (str(item) for item in (label, called) if item)
        for place, value in document.items():
            if place in {"function", "custom", "function_call"} and isinstance(value, dict):
                name = value.get("name")
                if isinstance(name, str) and name:
                    yield name
            elif place in {"choices", "message", "delta", "tool_calls", "content", "content_block", "output", "item",
                           "response"}:  # fmt: skip
                yield from tools_called(value)


def _gather(value: Any, origin: Origin, into: Mapping[Origin, list[str]]) -> None:
    # Not a generator, which would take twice as long: this is done with every request.
    if isinstance(value, str):
        if not value.startswith(_LONGEST_PICTURE_HEAD):
            into[origin].append(value)
    elif isinstance(value, list):
        for item in value:
            _gather(item, origin, into)
    elif isinstance(value, dict):
        inner = _origin_of(value, origin)
        for place, item in value.items():
            if place not in _NO_WORDS:
                _gather(item, inner, into)


def _origin_of(item: Mapping[str, Any], outer: Origin) -> Origin:
    """Return whose words stand in an item: what a tool brought stays that, whatever role stands within."""
    kind, role = item.get("type"), item.get("role")
    if outer is Origin.RESULT or (isinstance(kind, str) and (kind in _BROUGHT or kind.endswith(_BROUGHT_ENDS))):
        return Origin.RESULT
    if isinstance(role, str):
        # A role that nobody knows is nobody's.
        return _ROLES.get(role, Origin.RESULT)
    if isinstance(kind, str) and (kind.endswith(("_call", "tool_use")) or kind in {"reasoning", "thinking"}):
        return Origin.MODEL
    return outer


def _offered(document: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    for place in ("tools", "functions"):
        for item in dicts_in(document.get(place)):
            within = _within(item)
            yield from ((item, name) for name in within) if within else ((item, _name_of(item)),)


def _within(item: Mapping[str, Any]) -> list[str]:
    """Return the names of the tools in a namespace (OpenAI's wire), each with its; none for a tool by itself."""
    if item.get("type") != "namespace":
        return []
    return [f"{_name_of(item)}{_WITHIN}{_name_of(tool)}" for tool in dicts_in(item.get("tools"))]


def _left_of(item: Any, closed: frozenset[str]) -> Any:
    """Return what is left of an offered tool, or of a namespace of some, without those that are closed, or None."""
    if _name_of(item) in closed:
        return None
    if not isinstance(item, dict) or item.get("type") != "namespace":
        return item
    named = zip(_within(item), dicts_in(item.get("tools")), strict=True)
    left = [tool for name, tool in named if name not in closed]
    return {**item, "tools": left} if left else None


def _name_of(item: Any) -> str:
    """Return what a tool is called; one that the server has itself is called by what it is."""
    if not isinstance(item, dict):
        return ""
    inner = item.get("function") or item.get("custom") or {}
    found = item.get("name") or (inner.get("name") if isinstance(inner, dict) else "")
    return str(found or item.get("server_label") or item.get("type") or "")


def _demanded(document: Mapping[str, Any]) -> str:
    choice = document.get("tool_choice") or document.get("function_call")
    within = choice.get("namespace") if isinstance(choice, dict) else None
    return f"{within}{_WITHIN}{_name_of(choice)}" if within else _name_of(choice)
