"""Where a part of a value comes from, what it can no longer harm, and the way that it took."""

from dataclasses import dataclass, field
from typing import Final

from bailiwick.control.review.model import Step

_MOST_LABELS = 10
_MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Label:
    """Where a part of a value comes from. `clean` are the kinds of sink that it can no longer harm.

    `built` says that it became part of a longer text. The steps that it took do not count when labels are compared.
    """

    kind: str
    words: str
    path: str
    line: int
    clean: frozenset[str] = frozenset()
    built: bool = False
    steps: tuple[Step, ...] = field(default=(), compare=False)

    def changed(
        self, clean: frozenset[str] | None = None, built: bool | None = None, steps: tuple[Step, ...] | None = None
    ) -> "Label":
        """Return the label with a part of it changed, faster than by `replace`."""
        return Label(
            self.kind,
            self.words,
            self.path,
            self.line,
            self.clean if clean is None else clean,
            self.built if built is None else built,
            self.steps if steps is None else steps,
        )

    @property
    def origin(self) -> tuple[str, str, str, int]:
        """Which source it is, whatever happened since."""
        return self.kind, self.words, self.path, self.line


Labels = frozenset[Label]
NO_LABELS: Final[Labels] = frozenset()


def bounded(labels: Labels) -> Labels:
    """Return labels, fewer when there are many: one of each kind stays, with what it can still harm."""
    if len(labels) <= _MOST_LABELS:
        return labels
    unlike: dict[tuple[str, frozenset[str], bool], Label] = {}
    for label in sorted(labels, key=lambda item: (item.path, item.line, item.words)):
        unlike.setdefault((label.kind, label.clean, label.built), label)
    if len(unlike) <= _MOST_LABELS:
        return frozenset(unlike.values())
    alike: dict[tuple[str, bool], Label] = {}
    for label in unlike.values():
        first = alike.setdefault((label.kind, label.built), label)
        if not first.clean <= label.clean:
            alike[label.kind, label.built] = first.changed(clean=first.clean & label.clean)
    return frozenset(alike.values())


def cleaned_labels(labels: Labels, kinds: frozenset[str]) -> Labels:
    """Return labels that can no longer harm some kinds of sink."""
    if not labels or not kinds:
        return labels
    return frozenset(label if kinds <= label.clean else label.changed(clean=label.clean | kinds) for label in labels)


def built(labels: Labels) -> Labels:
    """Return labels of what became part of a longer text."""
    if not labels or all(label.built for label in labels):
        return labels
    return frozenset(label if label.built else label.changed(built=True) for label in labels)


def stepped_labels(labels: Labels, path: str, line: int, words: str) -> Labels:
    """Return labels that have passed another place."""
    return frozenset(_stepped(label, path, line, words) for label in labels)


def _stepped(label: Label, path: str, line: int, words: str) -> Label:
    if len(label.steps) >= _MOST_STEPS:
        return label
    if label.steps and label.steps[-1].line == line and label.steps[-1].path == path:
        return label
    return label.changed(steps=(*label.steps, Step(path, line, words)))
