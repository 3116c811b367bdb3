"""Where in a call's body each of its strings stands: instructions, messages by who wrote them, tools, their results.

What does not have a form that is known counts as `unread`: nothing is taken for harmless because nobody knows it.
"""

from collections.abc import Mapping
from typing import Any

from bailiwick.core.messages import Place
from bailiwick.dataplane.gateways.model.documents import number_written

_ROLES: Mapping[object, Place] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool-results",
    "function": "tool-results",
}
_TOP: Mapping[str, Place] = {
    "tools": "tool-definitions",
    "functions": "tool-definitions",
    "system": "system",
    "instructions": "system",
    "prompt": "user",
}
_FILES = frozenset(
    {"image", "document", "image_url", "input_image", "input_audio", "input_file", "file", "audio", "video",
     "container_upload"}
)  # fmt: skip
_ANSWERS = frozenset({"output", "outputs", "result", "results"})
_EMBEDDINGS = "/v1/embeddings"
# Items of the responses API that say what is kept at the server, or what happened to it.
_NOTES = frozenset({"item_reference", "compaction"})


class Placed:
    """The strings of a body in their order (names of fields too), each with its place."""

    def __init__(self, document: Mapping[str, Any], path: str) -> None:
        """Read a body that is for the endpoint at `path`."""
        self.texts: list[str] = []
        self.places: list[Place] = []
        for key, value in document.items():
            self._take(key, "settings")
            if key == "messages":
                self._each(value, self._message)
            elif key == "input" and path == _EMBEDDINGS:
                self._take(value, "input")
            elif key == "input":
                self._input(value)
            elif key in {"system", "instructions"}:
                self._content(value, "system")
            else:
                self._take(value, _TOP.get(key, "settings"))

    def of(self, strings: list[str]) -> list[Place]:
        """Return the places of strings that were read from this body, `unread` for all when they are others."""
        return self.places if strings == self.texts else ["unread"] * len(strings)

    def _take(self, value: Any, place: Place) -> None:
        """Take everything in a value, in the order in which it is written."""
        if isinstance(value, str):
            self.texts.append(value)
            self.places.append(place)
        elif isinstance(value, list):
            for item in value:
                self._take(item, place)
        elif isinstance(value, dict):
            for key, item in value.items():
                self._take(key, place)
                self._take(item, place)
        elif (written := number_written(value)) is not None:
            self.texts.append(written)
            self.places.append(place)

    def _each(self, value: Any, read: Any) -> None:
        if isinstance(value, list):
            for item in value:
                read(item)
        else:
            self._take(value, "unread")

    def _input(self, value: Any) -> None:
        if isinstance(value, str):
            self._take(value, "user")
        else:
            self._each(value, self._item)

    def _message(self, message: Any) -> None:
        if not isinstance(message, dict):
            self._take(message, "unread")
            return
        role = message.get("role")
        place = _ROLES.get(role, "unread") if isinstance(role, str) else "unread"
        for key, value in message.items():
            self._take(key, place)
            if key in {"tool_calls", "function_call"}:
                self._take(value, "tool-arguments")
            elif key == "content":
                self._content(value, place)
            else:
                self._take(value, place)

    def _item(self, item: Any) -> None:
        """Take an item of the responses API: a message, a call of a tool, what came of one, or a note."""
        kind = item.get("type") if isinstance(item, dict) else None
        if not isinstance(item, dict) or "role" in item or not isinstance(kind, str):
            self._message(item)
        elif kind.endswith("_output"):
            self._answers(item, "tool-results")
        elif kind.endswith("_call"):
            self._answers(item, "tool-arguments")
        elif kind == "reasoning":
            self._take(item, "assistant")
        else:
            self._take(item, "settings" if kind in _NOTES else "unread")

    def _answers(self, item: Mapping[str, Any], place: Place) -> None:
        for key, value in item.items():
            self._take(key, place)
            if key in _ANSWERS:
                self._content(value, "tool-results")
            else:
                self._take(value, place)

    def _content(self, value: Any, place: Place) -> None:
        if isinstance(value, list):
            for part in value:
                self._part(part, place)
        elif isinstance(value, dict):
            self._part(value, place)
        else:
            self._take(value, place)

    def _part(self, part: Any, place: Place) -> None:
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str):
            self._take(part, place)
        elif kind in _FILES:
            self._take(part, "tool-files" if place == "tool-results" else "files")
        elif kind.endswith("tool_use"):
            self._take(part, "tool-arguments")
        elif kind.endswith("tool_result"):
            for key, value in part.items():
                self._take(key, "tool-results")
                if key == "content":
                    self._content(value, "tool-results")
                else:
                    self._take(value, "tool-results")
        else:
            self._take(part, place)
