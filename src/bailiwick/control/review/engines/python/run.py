"""One going-through of an app: what is shared while its values are followed, and the budget that ends it."""

import ast
from collections.abc import Callable as Function
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bailiwick.control.review.engines.python.frames import Frame, State
from bailiwick.control.review.engines.python.knowledge import Framework, Knowledge
from bailiwick.control.review.engines.python.labels import Label
from bailiwick.control.review.engines.python.project import Module, Project
from bailiwick.control.review.engines.python.values import Callable, Code, Definition, Value, joined
from bailiwick.control.review.model import Finding, Step

_MOST_NODES_OF_ONE = 200_000
_MOST_NODES = 1_200_000
# Beyond that, so many times as many nodes as an app has: those of an ordinary one are gone through about twice.
_PASSES = 3
_MOST_CONTEXTS = 8
_MOST_WIDENED = 14
# What may be set at one place and read at another: a name of a module, a field of a class.
Cell = tuple[object, str]


class TooComplexError(Exception):
    """The budget of a function, or of the app, is used up."""


@dataclass(frozen=True)
class Given:
    """The arguments of a call. `rest` stands for any number of further ones, `extra` for any further keywords.

    `nodes` and `named_nodes` are the expressions, where there are any: what a call changes is written back to them.
    """

    values: tuple[Value, ...] = ()
    named: Mapping[str, Value] = field(default_factory=dict)
    rest: Value | None = None
    extra: Value | None = None
    nodes: Sequence[ast.expr | None] = ()
    named_nodes: Mapping[str, ast.expr] = field(default_factory=dict)

    def all(self) -> list[Value]:
        """Return every argument."""
        more = [value for value in (self.rest, self.extra) if value is not None]
        return [*self.values, *self.named.values(), *more]

    def at(self, position: int, *names: str) -> Value | None:
        """Return an argument by its position or one of its names."""
        if position < len(self.values):
            return self.values[position]
        for name in names:
            if name in self.named:
                return self.named[name]
        return self.rest


@dataclass(frozen=True)
class Summary:
    """What a call does: its value, and what its parameters are afterwards: always, when it is true, when it is not."""

    value: Value
    after: State
    if_true: State
    if_false: State


@dataclass(frozen=True)
class Entrance:
    """A function that the framework calls."""

    framework: Framework
    callee: Value
    code: Code
    options: Mapping[str, Value] = field(default_factory=dict)
    route: str = ""


@dataclass(eq=False)
class Run:
    """The state of one going-through. The three functions are the interpreter; they know each other through here."""

    project: Project
    known: Knowledge
    evaluate_node: Function[["Run", Frame, ast.expr], Value]
    execute_block: Function[["Run", Frame, Sequence[ast.stmt]], None]
    call_value: Function[["Run", Frame, ast.expr, Value, Given], Value]
    found: dict[tuple[str, str, int], Finding] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    codes: dict[int, Code] = field(default_factory=dict)
    made_in: dict[int, Callable] = field(default_factory=dict)
    called: set[int] = field(default_factory=set)
    uncalled: dict[int, Callable] = field(default_factory=dict)
    made_classes: dict[int, ast.ClassDef] = field(default_factory=dict)
    definitions: dict[int, Definition] = field(default_factory=dict)
    entrances: dict[int, Entrance] = field(default_factory=dict)
    cells: dict[Cell, Value] = field(default_factory=dict)
    read: set[Cell] = field(default_factory=set)
    columns: dict[str, set[str]] = field(default_factory=dict)
    stale: bool = False
    memo: dict[object, tuple[Summary, set[Cell]]] = field(default_factory=dict)
    readers: dict[Cell, set[object]] = field(default_factory=dict)
    doubtful: set[object] = field(default_factory=set)
    changes: int = 0
    changed_at: dict[Cell, int] = field(default_factory=dict)
    reading: list[set[Cell]] = field(default_factory=list)
    contexts: dict[int, int] = field(default_factory=dict)
    widest: dict[int, State] = field(default_factory=dict)
    names: dict[int, frozenset[str]] = field(default_factory=dict)
    changed_frames: dict[int, int] = field(default_factory=dict)
    stack: list[Code] = field(default_factory=list)
    answering: list[Entrance] = field(default_factory=list)
    templates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    quiet: bool = False
    spent: int = 0
    spent_here: int = 0

    def evaluate(self, frame: Frame, node: ast.expr) -> Value:
        """Return what an expression is worth."""
        self.spent_here += 1
        if self.spent_here > _MOST_NODES_OF_ONE:
            raise TooComplexError
        return self.evaluate_node(self, frame, node)

    def execute(self, frame: Frame, body: Sequence[ast.stmt]) -> None:
        """Go through statements."""
        self.execute_block(self, frame, body)

    def call(self, frame: Frame, node: ast.expr, callee: Value, given: Given) -> Value:
        """Return what a call gives; what it changes is written back."""
        return self.call_value(self, frame, node, callee, given)

    def spend(self, nodes: int) -> None:
        """Take from the budget what work on many names at once is worth."""
        self.spent_here += nodes

    def begin(self) -> None:
        """Give the next function its budget; raise `TooComplexError` when the app's is used up."""
        self.spent += self.spent_here
        self.spent_here = 0
        self.changed_frames.clear()
        if self.spent > _MOST_NODES + _PASSES * self.project.size:
            raise TooComplexError

    def remember(self, owner: object, name: str, value: Value) -> None:
        """Note that a name of a module, or a field of a class, may have a value from somewhere else."""
        key = (owner, name)
        before = self.cells.get(key)
        after = value if before is None else joined(before, value)
        if before is None or after != before:
            self.cells[key] = after
            if key in self.read:
                # Somebody went on with what was known before: what came of it is gone through again.
                self.stale = True
                self.read.discard(key)
                self.changes += 1
                self.changed_at[key] = self.changes
                for kept in self.readers.pop(key, ()):
                    self.memo.pop(kept, None)

    def recalled(self, owner: object, name: str) -> Value | None:
        """Return what was noted."""
        key = (owner, name)
        self.read.add(key)
        if self.reading:
            self.reading[-1].add(key)
        return self.cells.get(key)

    def summed_up(self, key: object, make: Function[[], Summary]) -> Summary:
        """Return the summary that is kept under a key; it is made anew when a cell that it hangs on has changed."""
        kept = self.memo.get(key)
        if kept is None:
            self.reading.append(set())
            before, changes = dict(self.changed_frames), self.changes
            try:
                summary = make()
            finally:
                cells = self.reading.pop()
            kept = (summary, cells)
            if before == self.changed_frames:
                # What changes names of a function around it is gone through each time, so that it does so each time.
                self.memo[key] = kept
                if any(self.changed_at.get(cell, 0) > changes for cell in cells):
                    self.doubtful.add(key)
                for cell in cells:
                    self.readers.setdefault(cell, set()).add(key)
        if self.reading:
            self.reading[-1] |= kept[1]
        return kept[0]

    def note_outer_change(self, frame: Frame) -> None:
        """Note that a function inside another changed a name of that one, whose frame this is."""
        self.changed_frames[id(frame)] = self.changed_frames.get(id(frame), 0) + 1

    def begin_round(self) -> None:
        """Let go of what was found of calls while that changed on which it hangs: it is found once more."""
        self.stale = False
        for key in self.doubtful:
            self.memo.pop(key, None)
        self.doubtful.clear()

    def definition(self, name: str, module: Module, node: ast.ClassDef, bases: tuple[Value, ...]) -> Definition:
        """Return the one definition of a class, as long as it is made of the same."""
        found = self.definitions.get(id(node))
        if found is None or found.bases != bases:
            found = self.definitions[id(node)] = Definition(name, module, node, bases)
        return found

    def code(self, module: Module, node: ast.AST, name: str, owner: object = None) -> Code:
        """Return the one code of a definition."""
        found = self.codes.get(id(node))
        if found is None:
            found = self.codes[id(node)] = Code(name, module, node, owner)  # type: ignore[arg-type]
        return found

    def widened(self, code: Code, *, far: bool = False) -> bool:
        """Return whether a function was gone through for so many kinds of arguments that constants no longer count.

        With `far`: for so many that what its arguments hold counts no longer, either.
        """
        return self.contexts.get(id(code), 0) > (_MOST_WIDENED if far else _MOST_CONTEXTS)

    def names_in(self, code: Code) -> frozenset[str]:
        """Return the names that stand in a function."""
        found = self.names.get(id(code))
        if found is None:
            nodes = ast.walk(code.node)
            found = self.names[id(code)] = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
        return found

    def report(self, rule_id: str, frame: Frame, node: ast.AST, words: str, labels: Sequence[Label]) -> None:
        """Note a finding; the first of a rule in a line stays."""
        line = getattr(node, "lineno", 0)
        key = (rule_id, frame.module.path, line)
        if key in self.found:
            return
        made = frame.module.finding(rule_id, node, words)
        # What has been kept since was looked at less closely than what comes in now, and needs two requests.
        worse = -1 if labels and labels[0].kind == "stored" else 0
        steps = tuple(_steps(labels[0], frame.module.path, line, words)) if labels else ()
        self.found[key] = Finding(
            made.rule, made.path, made.line, words, made.excerpt, column=made.column, steps=steps, worse=worse
        )


def _steps(label: Label, path: str, line: int, words: str) -> list[Step]:
    return [Step(label.path, label.line, f"{label.words} comes in"), *label.steps, Step(path, line, words)]


def source_label(kind: str, words: str, frame: Frame, node: ast.AST, clean: frozenset[str] = frozenset()) -> Label:
    """Return the label of a value that comes in at a node."""
    return Label(kind, words, frame.module.path, getattr(node, "lineno", 0), clean)


def written(node: ast.AST, most: int = 60) -> str:
    """Return an expression as text for people, cut short."""
    try:
        text = ast.unparse(node)
    except (RecursionError, ValueError):
        return "a value"
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
