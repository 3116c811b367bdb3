"""YAML as nodes that know their lines, read in bounded time: aliases are never expanded, depth and size have an end.

JSON is YAML for this purpose. Scalars stay text as written: `on` is a word here and not a truth value.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

_MOST_EVENTS = 300_000
_DEEPEST = 60
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableYamlError(Exception):
    """A text is not YAML, or more of it than is read; with its line where one is known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Node:
    """A value: a text, a list or pairs. `line` counts from 1; `plain` says that a text stands without quotes."""

    line: int
    text: str | None = None
    items: list["Node"] | None = None
    pairs: list[tuple["Node", "Node"]] | None = None
    plain: bool = False
    block: bool = False
    tag: str = ""
    names: dict[str, "Node"] = field(default_factory=dict)

    def get(self, *names: str) -> "Node":
        """Return what stands under names below each other; an empty node when one is not there."""
        found = self
        for name in names:
            found = found.names.get(name, _nothing(found.line))
        return found

    @property
    def word(self) -> str:
        """Its text; an empty one for lists and pairs."""
        return self.text or ""

    @property
    def there(self) -> bool:
        """Whether it holds anything."""
        return self.text is not None or self.items is not None or self.pairs is not None

    @property
    def true(self) -> bool:
        """Whether it is one of the words for yes."""
        return self.word.lower() in {"true", "yes", "on", "1"}

    @property
    def false(self) -> bool:
        """Whether it is one of the words for no."""
        return self.text is not None and self.word.lower() in {"false", "no", "off", "0"}

    def each(self) -> list["Node"]:
        """Return its items; a single value as one of them."""
        if self.items is not None:
            return self.items
        return [self] if self.there else []

    def fields(self) -> Iterator[tuple[str, "Node"]]:
        """Yield its pairs with the names as text."""
        for name, value in self.pairs or ():
            yield name.word, value

    def walk(self) -> Iterator["Node"]:
        """Yield it and all that is below, each once, whatever aliases point to."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            below = [*(node.items or ()), *(value for _, value in node.pairs or ())]
            waiting += reversed(below)


def _nothing(line: int) -> Node:
    return Node(line)


def documents(text: str) -> list[Node]:
    """Return the documents of a text; raise `UnreadableYamlError` when they cannot be read."""
    try:
        return _Composer().documents(text)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        problem = getattr(fault, "problem", None) or "it cannot be read"
        raise UnreadableYamlError(f"not YAML: {problem}", line) from None
    except (ValueError, RecursionError) as fault:
        raise UnreadableYamlError(f"not YAML: {type(fault).__name__}") from None


class _Composer:
    def __init__(self) -> None:
        self._anchors: dict[str, Node] = {}
        self._open: list[Node] = []
        self._waiting: list[Node | None] = []  # of each open mapping: the name that waits for its value
        self._found: list[Node] = []

    def documents(self, text: str) -> list[Node]:
        for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
            if count > _MOST_EVENTS:
                raise UnreadableYamlError(f"over {_MOST_EVENTS:,} values: too much to review")
            self._take(event)
        return self._found

    def _take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            self._put(self._anchors.get(event.anchor or "", Node(line)))
        elif isinstance(event, yaml.ScalarEvent):
            block = event.style in {"|", ">"}
            node = Node(line, text=event.value, plain=event.style is None, block=block, tag=event.tag or "")
            self._remember(event.anchor, node)
            self._put(node)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= _DEEPEST:
                raise UnreadableYamlError(f"over {_DEEPEST} levels deep: too deep to review", line)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            node = Node(line, items=[], tag=event.tag or "") if is_list else Node(line, pairs=[], tag=event.tag or "")
            self._remember(event.anchor, node)
            self._put(node)
            self._open.append(node)
            self._waiting.append(None)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._merge(self._open.pop())
            self._waiting.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self._anchors[anchor] = node

    def _put(self, node: Node) -> None:
        if not self._open:
            self._found.append(node)
            return
        parent = self._open[-1]
        if parent.items is not None:
            parent.items.append(node)
        elif self._waiting[-1] is None:
            self._waiting[-1] = node
        else:
            name, self._waiting[-1] = self._waiting[-1], None
            assert parent.pairs is not None  # noqa: S101 - a node is a list or pairs
            parent.pairs.append((name, node))
            parent.names[name.word] = node

    @staticmethod
    def _merge(node: Node) -> None:
        """Take over what `<<` brings, below what the node says itself."""
        merged = node.names.pop("<<", None)
        for source in merged.each() if merged is not None else ():
            node.names = {**source.names, **node.names}
