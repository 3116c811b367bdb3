"""The picture of an app's design: people to the left, the app, and to the right all that its data flows from and to."""

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.control.design import Design, Part
from bailiwick.faces.console.words import count, listed

WIDTH = 960
_ROW, _BOX, _TOP = 44, 32, 12
_PEOPLE_X, _PEOPLE_WIDTH = 0, 200
_APP_X, _APP_WIDTH = 350, 180
_PART_X, _PART_WIDTH = 680, 280
_MOST_PEOPLE, _MOST_PARTS = 6, 24
_LONGEST = 40
# What fits between two boxes.
_LONGEST_FLOW = 22
_TITLES = {"data": "data", "host": "host", "model": "model", "job": "by itself"}


@dataclass(frozen=True, slots=True)
class Node:
    """A box with its words, whole and as far as they fit."""

    x: int
    y: int
    width: int
    kind: str
    label: str
    words: str
    seen: bool = True

    @property
    def middle(self) -> int:
        """The height at which lines meet it."""
        return self.y + _BOX // 2


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two boxes, and what flows along it."""

    x1: int
    y1: int
    x2: int
    y2: int
    label: str
    label_x: int
    label_y: int
    seen: bool


@dataclass(frozen=True, slots=True)
class DesignView:
    """A design as a picture, in words, and what grew in it."""

    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    words: str
    purpose: str
    left_out: int
    unseen: int
    grown: tuple[str, ...]


def design_view(app_path: str, design: Design, audience: Sequence[str], before: Design | None) -> DesignView:
    """Return the picture; `audience` are the written names of who may use the app, `before` what was approved last."""
    shown = design.parts[:_MOST_PARTS]
    people = _people(audience)
    height = _TOP * 2 + max(len(people), len(shown), 1) * _ROW
    app = Node(_APP_X, (height - _BOX) // 2, _APP_WIDTH, "app", _cut(app_path, 24), app_path)
    left = [_node(_PEOPLE_X, _PEOPLE_WIDTH, place, len(people), height, "people", name) for place, name in people]
    right = [
        _node(_PART_X, _PART_WIDTH, place, len(shown), height, part.kind, _part_words(part), seen=part.seen)
        for place, part in enumerate(shown)
    ]
    classes = ", ".join(design.data_classes)
    edges = [_edge(node.x + node.width, node.middle, app.x, app.middle, classes, seen=True) for node in left]
    edges += [
        _edge(app.x + app.width, app.middle, node.x, node.middle, ", ".join(part.verbs), seen=part.seen)
        for node, part in zip(right, shown, strict=True)
    ]
    handles = f", with {listed(list(design.data_classes))} data" if design.data_classes else ""
    return DesignView(
        height=height,
        nodes=(*left, app, *right),
        edges=tuple(edges),
        words=f"{app_path} serves {listed([name for _, name in people])}{handles}; "
        f"{'; '.join(part.words for part in design.parts) or 'it reaches nothing'}",
        purpose=design.purpose,
        left_out=len(design.parts) - len(shown),
        unseen=sum(not part.seen for part in design.parts),
        grown=design.grown_since(before),
    )


def _people(audience: Sequence[str]) -> list[tuple[int, str]]:
    names = sorted(audience)[:_MOST_PEOPLE]
    if len(audience) > _MOST_PEOPLE:
        names[-1] = f"and {count(len(audience) - _MOST_PEOPLE + 1, 'more')}".replace(" mores", " more")
    return list(enumerate(names or ["nobody yet"]))


def _node(
    x: int, width: int, place: int, of: int, height: int, kind: str, words: str, *, seen: bool = True
) -> Node:  # fmt: skip
    top = (height - of * _ROW) // 2
    return Node(x, top + place * _ROW + (_ROW - _BOX) // 2, width, kind, _cut(words, width // 8), words, seen)


def _edge(x1: int, y1: int, x2: int, y2: int, label: str, *, seen: bool) -> Edge:
    # In the middle, so that it fits between the boxes.
    return Edge(x1, y1, x2, y2, _cut(label, _LONGEST_FLOW), (x1 + x2) // 2, (y1 + y2) // 2 - 4, seen)


def _part_words(part: Part) -> str:
    return f"{_TITLES[part.kind]}: {part.name}"


def _cut(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
