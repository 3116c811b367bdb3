"""The map: people, apps, and the integrations and models that apps reach, as a drawing to walk in and as a list."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.listings import Edge, UsedBy
from bailiwick.faces.console.inventory import LISTS
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count

WIDTH, _ROW, _TOP, _BOX, _HIGH = 1120, 36, 40, 260, 26
_LEFT, _MIDDLE, _RIGHT = 10, 430, 850
_FOLDS_ABOVE, _MOST = 24, 60


@dataclass(frozen=True, slots=True)
class Node:
    """A box: a person or group, an app or a folder of apps, an integration or a model."""

    key: str
    kind: str
    words: str
    address: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """A way from one box to another, as the path of a drawing."""

    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """An app or a folder as the list has it: who uses it, and what it reaches."""

    node: Node
    users: tuple[Node, ...]
    reached: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """The drawing and the list; `left_out` says how many boxes are not drawn, they are in the inventory."""

    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    folded: bool
    left_out: int
    height: int
    words: str
    width: int = WIDTH
    box: int = _BOX
    high: int = _HIGH


def add_map(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page. A folder opens in an address of its own."""

    @app.get("/map", response_class=HTMLResponse)
    def drawn(request: Request, visitor: Visitor, folder: Annotated[str, Query(max_length=300)] = "") -> Response:
        with control.store.transaction() as session:
            edges = control.listings.edges(session, visitor.identity)
            users = control.listings.users(session, visitor.identity)
        found = draw(edges, users, folder.strip("/"))
        return pages.render(request, "map", visitor, map=found, folder=folder, lists=LISTS, glance=found.words)


def draw(edges: Sequence[Edge], users: Sequence[UsedBy], folder: str = "") -> Map:
    """Return the map of a folder, or of everything; where there are many apps, those of a folder are one box."""
    inside = [edge for edge in edges if not folder or edge.app.startswith(f"{folder}/")]
    apps = sorted({edge.app for edge in inside})
    folds = len(apps) > _FOLDS_ABOVE
    place = _folding(folder) if folds else (lambda app: app)
    held = Counter(map(place, apps))
    places = sorted(held)
    middle = _column(places, "app", _MIDDLE, lambda name: _app_words(name, held), _app_address)
    right = _column(
        sorted({f"{edge.kind}:{edge.name}" for edge in inside}),
        "",
        _RIGHT,
        lambda name: name.partition(":")[2],
        _system,
    )
    reach = _ways(((place(edge.app), f"{edge.kind}:{edge.name}") for edge in inside), middle, right)
    told = [(item.holder, name) for item in users for name in places if _covers(item.scope, name)]
    left = _column(sorted({holder for holder, _ in told}), "person", _LEFT, _holder_words, _holder)
    use = _ways(told, left, middle)
    nodes = [*left.values(), *middle.values(), *right.values()]
    deepest = max((node.y for node in nodes), default=_TOP) + _ROW
    left_out = len(places) - len(middle)
    lines = tuple(_line(one, other) for one, other in [*use, *reach])
    rows = tuple(
        Row(
            node, tuple(one for one, other in use if other == node), tuple(other for one, other in reach if one == node)
        )
        for node in middle.values()
    )
    words = _glance(apps, [*right], folds)
    return Map(tuple(nodes), lines, rows, folds, max(left_out, 0), deepest, words)


def _folding(folder: str) -> Callable[[str], str]:
    def place(app: str) -> str:
        rest = app[len(folder) + 1 :] if folder else app
        first, slash, _ = rest.partition("/")
        return (f"{folder}/{first}" if folder else first) + ("/" if slash else "")

    return place


def _column(
    names: Sequence[str], kind: str, x: int, words: Callable[[str], str], address: Callable[[str], str]
) -> dict[str, Node]:
    return {
        name: Node(name, kind or name.partition(":")[0], words(name), address(name), x, _TOP + place * _ROW)
        for place, name in enumerate(names[:_MOST])
    }


def _ways(
    pairs: Iterable[tuple[str, str]], left: Mapping[str, Node], right: Mapping[str, Node]
) -> list[tuple[Node, Node]]:
    kept = dict.fromkeys((one, other) for one, other in pairs if one in left and other in right)
    return [(left[one], right[other]) for one, other in kept]


def _line(one: Node, other: Node) -> Line:
    x1, y1, x2, y2 = one.x + _BOX, one.y + _HIGH // 2, other.x, other.y + _HIGH // 2
    middle = (x1 + x2) // 2
    return Line(f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}", f"{one.words} to {other.words}")


def _covers(scope: str, name: str) -> bool:
    kind, _, path = scope.partition(":")
    if kind == "organization":
        return True
    return (
        name == path or f"{name.rstrip('/')}/".startswith(f"{path}/") or (name.endswith("/") and path.startswith(name))
    )


def _app_words(name: str, held: Mapping[str, int]) -> str:
    return f"{name} {count(held[name], 'app')}" if name.endswith("/") else name


def _app_address(name: str) -> str:
    return f"/map?{urlencode({'folder': name.rstrip('/')})}" if name.endswith("/") else f"/apps/{quote(name)}"


def _system(name: str) -> str:
    kind, _, rest = name.partition(":")
    return f"/integrations/{quote(rest)}" if kind == "integration" else f"/models#{quote(rest)}"


def _holder_words(name: str) -> str:
    return name.partition(":")[2] or name


def _holder(name: str) -> str:
    kind, _, rest = name.partition(":")
    if kind == "user":
        return f"/people/{quote(rest, safe='@')}"
    return f"/people?{urlencode({'group': rest})}" if kind == "group" else f"/services/{quote(name)}"


def _glance(apps: Sequence[str], systems: Sequence[str], folded: bool) -> str:
    if not apps:
        return "No app in production that you may see reaches anything yet."
    reached = count(len(systems), "integration or model", "integrations and models")
    verb, how = "reaches" if len(apps) == 1 else "reach", ", folded by folder" if folded else ""
    return f"{count(len(apps), 'app')} in production {verb} {reached}{how}."
