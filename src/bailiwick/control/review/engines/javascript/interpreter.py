"""The walk through an app's files: every module, every function, with what is known of its values on the way.

Nothing is run. Functions of the app are entered with the values that they are called with, so that what is found in
them has its way there; those that nothing calls are entered with values that are not known. What a check proves of a
text is remembered along the way (`cleared`), and only there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from bailiwick.control.review.engines.javascript import expressions, statements
from bailiwick.control.review.engines.javascript.binding import bind_parameters
from bailiwick.control.review.engines.javascript.facts import Facts
from bailiwick.control.review.engines.javascript.models import Models, models
from bailiwick.control.review.engines.javascript.modules import resolve
from bailiwick.control.review.engines.javascript.origins import KINDS, rule_for, said_of
from bailiwick.control.review.engines.javascript.scopes import Cleared, Exit, Frame, Scope, common
from bailiwick.control.review.engines.javascript.syntax import Node, Source
from bailiwick.control.review.engines.javascript.values import (
    ALL,
    NOTHING,
    Closure,
    Taint,
    Thing,
    Value,
    deep_taints,
    joined,
    shape,
)
from bailiwick.control.review.engines.javascript.words import code_of
from bailiwick.control.review.model import Finding, Step
from bailiwick.control.review.rules import rule

_DEEPEST_CALLS = 8
# How often a function is entered with other values before they are taken to be all alike.
_MOST_ENTRIES = 12
_MOST_ENTRIES_FROM_OUTSIDE = 120
_MOST_STEPS = 4_000_000
_STEPS_FOR_EACH_BYTE = 60
_PASSES = 2
_MOST_TOLD = 100

_Told = TypeVar("_Told")


class TooMuchError(Exception):
    """Following an app's values takes more steps than there are."""


@dataclass(slots=True, eq=False)
class Module:
    """A file while it is walked: its top scope, and what it exports."""

    source: Source
    scope: Scope
    exports: Thing
    began: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gives back, what is checked after it, and its ways out."""

    value: Value
    cleared: Cleared
    exits: tuple[Exit, ...]


class Interpreter:
    """One walk through the files of an app. `found` holds what it found."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        aliases: Mapping[str, str],
        views: Mapping[str, frozenset[str]] | None = None,
        majors: Mapping[str, int] | None = None,
    ) -> None:
        self.models: Models = models()
        self.facts = Facts()
        self.found: dict[tuple[str, str, int], Finding] = {}
        self.cleared: Cleared = frozenset()
        self.cells: dict[object, Value] = {}
        self.branching = 0
        self.views = views or {}
        self.majors = majors or {}
        self.passed_on: list[Cleared] = []
        self.usual_instances: dict[int, Thing] = {}
        self._aliases = aliases
        self._modules = {path: self._module(source) for path, source in sources.items()}
        self._memory: dict[object, Outcome] = {}
        self._times: dict[int, int] = {}
        self._latest: dict[int, Outcome] = {}
        self._last: dict[int, Value] = {}
        self._active: list[Node] = []
        self._made: dict[int, Closure] = {}
        self._entered: set[int] = set()
        size = sum(source.root.end for source in sources.values())
        self._circular = False
        self._prototypes: dict[int, Thing] = {}
        self._code: dict[str, str] = {}
        self._told: dict[tuple[int, object], object] = {}
        self._said: dict[re.Pattern[str], bool] = {}
        self._steps_left = min(_MOST_STEPS, 200_000 + size * _STEPS_FOR_EACH_BYTE)

    @staticmethod
    def _module(source: Source) -> Module:
        return Module(source, Scope(Frame(source.path)), Thing())

    def run(self) -> None:
        """Walk every file, twice: what handlers leave behind for others is known only after the first time.

        Raises `TooMuchError` when there is no end to it.
        """
        for number in range(_PASSES):
            if number and not self._left_something():
                return
            self._memory.clear()
            self._times.clear()
            self._entered.clear()
            self.facts = Facts()
            for module in self._modules.values():
                module.began = False
            for path in self._modules:
                self.exports(path)
            self._enter_the_rest()

    def _left_something(self) -> bool:
        """Return whether anything was left behind that was not there when others read it."""
        return bool(self.cells) or self._circular or any(module.scope.outside for module in self._modules.values())

    def _enter_the_rest(self) -> None:
        while True:
            waiting = [closure for place, closure in self._made.items() if place not in self._entered]
            if not waiting:
                return
            for closure in waiting:
                if id(closure.node) not in self._entered:
                    self.cleared = frozenset()
                    self.call(closure, ())

    def exports(self, path: str) -> Thing:
        """Return what a file exports, walked first if it was not."""
        module = self._modules[path]
        if not module.began:
            module.began = True
            saved, self.cleared = self.cleared, frozenset()
            statements.execute_all(self, module.source.root.children, module.scope)
            self.cleared = saved
            module.ended = True
        self._circular |= not module.ended
        return module.exports

    def imported(self, specifier: str, importer: str) -> Value:
        """Return what an import gives: the exports of a file of the app, or a package by its name."""
        path = resolve(specifier, importer, self._modules, self._aliases)
        if path is not None:
            return Value(things=(self.exports(path),))
        name = specifier.removeprefix("node:").replace("fs/promises", "fs.promises")
        return self.named("." + name.replace(".", "") if specifier.startswith((".", "@/", "~/")) else name)

    def exported_functions(self) -> Iterator[tuple[str, str, Node]]:
        """Yield the functions that files export, as (path, name, node)."""
        for path, module in self._modules.items():
            for name, value in module.exports.fields.items():
                yield from ((path, name, closure.node) for closure in value.closures)

    def code(self, path: str) -> str:
        """Return the text of a file without its comments."""
        if path not in self._code:
            self._code[path] = code_of(self._modules[path].source)
        return self._code[path]

    def functions(self) -> Iterator[Closure]:
        """Yield the functions of the app that were made."""
        yield from self._made.values()

    def about(self, node: Node, told: Callable[[Node], _Told]) -> _Told:
        """Return what a function tells of a node; kept for the last ones, as many calls ask of the function around."""
        key = (id(node), told)
        if key not in self._told:
            if len(self._told) >= _MOST_TOLD:
                del self._told[next(iter(self._told))]
            self._told[key] = told(node)
        return cast(_Told, self._told[key])

    def says_anywhere(self, pattern: re.Pattern[str]) -> bool:
        """Return whether the code of any file, without comments, has a pattern in it."""
        if pattern not in self._said:
            self._said[pattern] = any(pattern.search(self.code(path)) for path in self._modules)
        return self._said[pattern]

    def module_of(self, path: str) -> Module:
        """Return the module of a file."""
        return self._modules[path]

    def named(self, symbol: str) -> Value:
        """Return what a dotted name of a library stands for."""
        return Value(symbol=self.models.same.first(symbol) or symbol)

    def spend(self) -> None:
        """Take a step; raise `TooMuchError` when none is left."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise TooMuchError

    def evaluate(self, node: Node | None, scope: Scope) -> Value:
        """Return what an expression may be."""
        if node is None:
            return NOTHING
        self._steps_left -= 1
        if self._steps_left < 0:
            raise TooMuchError
        value = self._last[id(node)] = expressions.HANDLERS.get(node.kind, expressions.anything)(self, node, scope)
        return value

    def last(self, node: Node | None, scope: Scope) -> Value:
        """Return what an expression was when it was last gone through, which for a condition is just now."""
        if node is None:
            return NOTHING
        value = self._last.get(id(node))
        return self.evaluate(node, scope) if value is None else value

    def execute(self, node: Node, scope: Scope) -> bool:
        """Go through a statement; return whether what follows it is reached."""
        self.spend()
        return statements.HANDLERS.get(node.kind, statements.expression)(self, node, scope)

    def closure(self, node: Node, scope: Scope, name: str = "") -> Value:
        """Return the function that a node makes."""
        made = Closure(node, scope, scope.frame.path, scope.frame.this if node.kind == "arrow_function" else None, name)
        self._made[id(node)] = made
        return Value(closures=(made,))

    def prototype(self, node: Node) -> Thing:
        """Return what instances of a function of the old kind have in common."""
        return self._prototypes.setdefault(id(node), Thing("prototype"))

    def prefer_this(self, node: Node, this: Value) -> None:
        """Say what `this` is in a method that nothing calls."""
        self._made[id(node)] = replace(self._made[id(node)], this=this)

    def call(self, closure: Closure, given: tuple[Value, ...], this: Value | None = None) -> Value:
        """Enter a function of the app; what it checks of the values that it gets holds after it."""
        outcome = self.outcome(closure, given, this)
        self.cleared = outcome.cleared
        return outcome.value

    def outcome(self, closure: Closure, given: tuple[Value, ...], this: Value | None = None) -> Outcome:
        """Return what entering a function comes to."""
        this = this or closure.this
        own = None if this is None else tuple(id(thing) for thing in this.things)
        key = (id(closure.node), id(closure.scope), tuple(shape(value) for value in given), own, self.cleared)
        known = self._memory.get(key)
        if known is not None:
            return known
        taints = joined([Value(taints=deep_taints(value)) for value in given]).taints
        if len(self._active) >= _DEEPEST_CALLS or self._active.count(closure.node) > 1:
            return Outcome(Value(taints=taints), self.cleared, ())
        before = self._often(closure, taints)
        if before is not None:
            return before
        self._entered.add(id(closure.node))
        self._active.append(closure.node)
        cleared = self.cleared
        frame = Frame(closure.path, this, closure.node)
        scope = closure.scope.inner(frame)
        try:
            bind_parameters(self, closure, given, scope)
            outcome = self._walked(closure.node, scope)
        finally:
            self._active.pop()
            self.cleared = cleared
        self._memory[key] = self._latest[id(closure.node)] = outcome
        return outcome

    def _often(self, closure: Closure, taints: frozenset[Taint]) -> Outcome | None:
        """Return what a function came to before when it was entered so often that one more time says nothing new."""
        times = self._times[id(closure.node)] = self._times.get(id(closure.node), 0) + 1
        if times <= (_MOST_ENTRIES_FROM_OUTSIDE if taints else _MOST_ENTRIES):
            return None
        latest = self._latest.get(id(closure.node))
        value = latest.value if latest is not None else NOTHING
        return Outcome(joined([value, Value(taints=taints)]) if taints else value, self.cleared, ())

    def _walked(self, node: Node, scope: Scope) -> Outcome:
        body = node.get("body")
        if body is not None and body.kind != "statement_block":
            statements.leave(self, body, scope)
        elif body is not None and statements.execute_all(self, body.children, scope):
            scope.frame.exits.append(Exit(NOTHING, self.cleared, self.cleared))
        exits = tuple(scope.frame.exits)
        cleared = common(way.cleared for way in exits) if exits else self.cleared
        values = [way.value for way in exits if way.value != NOTHING]
        return Outcome(joined(values), cleared, exits)

    def open_taints(self, taints: frozenset[Taint], rule_id: str) -> list[Taint]:
        """Return those that can still break a rule here."""
        return [
            taint
            for taint in taints
            if rule_id not in taint.safe
            and ALL not in taint.safe
            and not self._is_cleared(taint.key, rule_id)
            and (f"{taint.key}#{taint.part}", ALL) not in self.cleared
        ]

    def _is_cleared(self, key: str, rule_id: str) -> bool:
        if not self.cleared:
            return False
        while key:
            if (key, rule_id) in self.cleared or (key, ALL) in self.cleared:
                return True
            key = key.rpartition(".")[0]
        return False

    def settled(self, value: Value) -> Value:
        """Return a value with what is proven of it here, as it will be used where that is forgotten."""
        if not self.cleared or not value.taints:
            return value
        kept = []
        for taint in value.taints:
            proven = {name for key, name in self.cleared if taint.key == key or taint.key.startswith(f"{key}.")}
            if ALL not in proven and (f"{taint.key}#{taint.part}", ALL) not in self.cleared:
                kept.append(replace(taint, safe=taint.safe | proven) if proven else taint)
        return replace(value, taints=frozenset(kept))

    def report_flow(
        self, rule_id: str, node: Node, scope: Scope, taints: frozenset[Taint], words: str, worse: int = 0
    ) -> None:
        """Report that text from outside reaches a place where it does harm, if it still can there."""
        for taint in sorted(self.open_taints(taints, rule_id), key=lambda item: (item.kind == "model", item.key)):
            name = rule_for(taint.kind, rule_id)
            said = f"{said_of(taint)} {words}"
            self.report(name, node, scope, said, (*taint.steps, Step(scope.frame.path, node.line, words)), worse)
            return

    def report(
        self, rule_id: str, node: Node, scope: Scope, message: str, steps: tuple[Step, ...] = (), worse: int = 0
    ) -> None:
        """Report a finding at a node, once a line and rule."""
        path = scope.frame.path
        key = (rule_id, path, node.line)
        if key in self.found:
            return
        lines = self._modules[path].source.lines
        excerpt = lines[node.line - 1][:400] if node.line <= len(lines) else ""
        self.found[key] = Finding(
            rule(rule_id), path, node.line, message, excerpt, column=node.column, end_line=node.end_line,
            end_column=node.end_column, steps=steps, worse=worse,
        )  # fmt: skip

    def under(self, cleared: Cleared, act: Callable[[], Value]) -> Value:
        """Do something under what a check proved, and forget it after."""
        saved, self.cleared = self.cleared, self.cleared | cleared
        try:
            return act()
        finally:
            self.cleared = saved

    def from_outside(self, kind: str, key: str, node: Node, scope: Scope, type_: str = "") -> Value:
        """Return a value that somebody else wrote."""
        taint = Taint(key, kind, steps=(Step(scope.frame.path, node.line, f"{KINDS.get(kind, kind)}: {key}"),))
        value = Value(taints=frozenset({taint}), type="" if type_ == "strings" else type_)
        if type_ in {"string", "strings"}:
            value = replace(value, taints=frozenset({replace(taint, safe=frozenset({"nosql-injection"}))}))
        return value
