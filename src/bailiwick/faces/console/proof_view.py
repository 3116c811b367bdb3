"""The way from an event to the signed root as a drawing: each step with the hash that the proof gives beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.core.merkle import Step

WIDTH = 560
_CENTRE, _ASIDE = WIDTH // 2, 150
_STEP, _TOP, _BOTTOM = 34, 22, 40
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Node:
    """A hash in the drawing; `kind` is leaf, path, given or root."""

    x: int
    y: int
    kind: str
    label: str
    whole: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from a hash up to the one that it is part of."""

    x1: int
    y1: int
    x2: int
    y2: int
    kind: str


@dataclass(frozen=True, slots=True)
class ProofView:
    """The drawing, and the same as words."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    words: str


def proof_view(leaf: bytes, steps: Sequence[Step], sequence: int, size: int) -> ProofView:
    """Return the drawing of the steps from a leaf to the root."""
    height = _TOP + _BOTTOM + len(steps) * _STEP
    floor = height - _BOTTOM
    nodes, edges = [_node(_CENTRE, floor, "leaf" if steps else "root", leaf)], []
    for number, step in enumerate(steps, start=1):
        y, below = floor - number * _STEP, floor - (number - 1) * _STEP
        aside = _CENTRE - _ASIDE if step.on_left else _CENTRE + _ASIDE
        nodes.append(_node(aside, below, "given", step.sibling))
        nodes.append(_node(_CENTRE, y, "root" if number == len(steps) else "path", step.node))
        edges += [Edge(_CENTRE, below, _CENTRE, y, "path"), Edge(aside, below, _CENTRE, y, "given")]
    words = f"Event {sequence} of {size:,}: {len(steps)} hashes lead from its leaf, below, to the signed root on top"
    return ProofView(WIDTH, height, tuple(nodes), tuple(edges), words)


def _node(x: int, y: int, kind: str, value: bytes) -> Node:
    return Node(x, y, kind, value.hex()[:_SHOWN], value.hex())
