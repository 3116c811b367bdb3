"""The Python files of an app, parsed once: modules, imports, functions, classes, and what a dotted name stands for."""

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from bailiwick.control.review.engines.python.parsing import Function, Index, parsed
from bailiwick.control.review.model import Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

_MOST_RE_EXPORTS = 12


@dataclass(eq=False)
class Class:
    """A class of the app. `bases` are the dotted names that it is made of, as far as they are known."""

    name: str
    module: "Module"
    node: ast.ClassDef
    bases: tuple[str, ...] = ()
    methods: dict[str, Function] = field(default_factory=dict)


@dataclass(eq=False)
class Module:
    """A file of Python. `imports` gives the dotted name behind each imported one, `stars` the modules taken whole.

    `constants` are the expressions of names that the module assigns exactly once at its top.
    """

    name: str
    path: str
    tree: ast.Module
    lines: tuple[str, ...]
    index: Index
    package: bool = False
    imports: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)

    def excerpt(self, line: int) -> str:
        """Return a line of the source (from 1), or an empty string."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""

    def finding(self, rule_id: str, node: ast.AST, message: str) -> Finding:
        """Return a finding at the line where a node begins."""
        line = getattr(node, "lineno", 0)
        column = _characters(self.excerpt(line), getattr(node, "col_offset", -1))
        return Finding(rule(rule_id), self.path, line, message, self.excerpt(line), column=column)


@dataclass(eq=False)
class Project:
    """Every module of an app by its dotted name; `faults` are the findings in files that could not be read."""

    modules: dict[str, Module] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)
    _ends: dict[str, list[Module]] = field(default_factory=dict)
    _split: dict[tuple[str, str], "tuple[Module, str] | None"] = field(default_factory=dict)
    _resolved: dict[tuple[str, str], str] = field(default_factory=dict)
    _imported: frozenset[str] | None = None

    def module(self, name: str, asked_from: Module | None = None) -> Module | None:
        """Return the module that an import of `name` gives: by its full name, beside the importer, or by its end.

        Apps are started from any folder of their tree, so `helpers.db` may be `app/helpers/db.py`.
        """
        if name in self.modules:
            return self.modules[name]
        if not name:
            return None
        if asked_from is not None:
            package, _, _ = asked_from.name.rpartition(".")
            while package:
                if f"{package}.{name}" in self.modules:
                    return self.modules[f"{package}.{name}"]
                package, _, _ = package.rpartition(".")
        ends = self._ends.get(name.rpartition(".")[2], [])
        found = [module for module in ends if module.name.endswith("." + name)]
        return found[0] if len(found) == 1 else None

    def split(self, dotted: str, asked_from: Module | None = None) -> tuple[Module, str] | None:
        """Return the app's module that a dotted name begins with, and the rest of the name; None if it has none."""
        key = (dotted, asked_from.name if asked_from is not None else "")
        if key not in self._split:
            self._split[key] = self._found_split(dotted, asked_from)
        return self._split[key]

    def _found_split(self, dotted: str, asked_from: Module | None) -> tuple[Module, str] | None:
        head, rest = dotted, ""
        while head:
            found = self.module(head, asked_from)
            if found is not None:
                return found, rest
            head, _, last = head.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        return None

    def resolve(self, dotted: str, asked_from: Module | None = None) -> str:
        """Return where a dotted name comes from: imports of imports and star imports of the app are followed."""
        key = (dotted, asked_from.name if asked_from is not None else "")
        if key not in self._resolved:
            self._resolved[key] = self._found_origin(dotted, asked_from)
        return self._resolved[key]

    def _found_origin(self, dotted: str, asked_from: Module | None) -> str:
        for _ in range(_MOST_RE_EXPORTS):
            place = self.split(dotted, asked_from)
            if place is None or not place[1]:
                return dotted
            module, rest = place
            first, _, more = rest.partition(".")
            origin = self._origin(module, first)
            found = f"{origin}.{more}" if more else origin
            if found in {dotted, f"{module.name}.{rest}"}:
                return f"{module.name}.{rest}"
            dotted, asked_from = found, module
        return dotted

    def _origin(self, module: Module, name: str) -> str:
        own = f"{module.name}.{name}"
        if name in module.functions or name in module.classes or name in module.constants:
            return own
        if name in module.imports:
            return module.imports[name]
        for star in module.stars:
            other = self.module(star, module)
            if other is None or other is module:
                continue
            if name in other.functions or name in other.classes or name in other.constants or name in other.imports:
                return f"{other.name}.{name}"
        return own

    @cached_property
    def size(self) -> int:
        """The number of nodes of all trees."""
        return sum(module.index.size for module in self.modules.values())

    def imported(self) -> frozenset[str]:
        """Return the first parts of the names of everything that the app imports."""
        if self._imported is None:
            names = (name for module in self.modules.values() for name in module.imports.values())
            self._imported = frozenset(name.partition(".")[0] for name in names)
        return self._imported

    def name_of(self, module: Module, node: ast.expr) -> str:
        """Return the dotted name of an expression with imports resolved, or an empty string when it has none."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        first = self._named(module, node.id)
        return self.resolve(".".join([first, *reversed(parts)]), module)

    def _named(self, module: Module, name: str) -> str:
        if name in module.imports:
            return module.imports[name]
        origin = self._origin(module, name)
        if origin != f"{module.name}.{name}" or name in module.functions or name in module.classes:
            return origin
        # A name that nobody binds may come from a star import of a package that is not here.
        foreign = [star for star in module.stars if self.module(star, module) is None]
        return f"{foreign[0]}.{name}" if len(foreign) == 1 and name not in _BUILTINS else name

    def function(self, module: Module, node: ast.expr) -> tuple[Module, Function] | None:
        """Return the app's own function that an expression names, and its module."""
        place = self.split(self.name_of(module, node), module)
        if place is None and isinstance(node, ast.Name) and node.id in module.functions:
            return module, module.functions[node.id]
        if place is not None and place[1] in place[0].functions:
            return place[0], place[0].functions[place[1]]
        return None

    def find_class(self, dotted: str, asked_from: Module | None = None) -> Class | None:
        """Return the app's class of a dotted name."""
        place = self.split(self.resolve(dotted, asked_from), asked_from)
        return place[0].classes.get(place[1]) if place is not None else None

    def ancestry(self, cls: Class) -> tuple[list[Class], list[str]]:
        """Return a class with the app's classes above it, nearest first, and the names of those from elsewhere."""
        own: list[Class] = []
        foreign: list[str] = []
        waiting = [cls]
        while waiting:
            current = waiting.pop(0)
            if current in own:
                continue
            own.append(current)
            for base in current.bases:
                found = self.find_class(base, current.module)
                if found is None:
                    foreign.append(base)
                else:
                    waiting.append(found)
        return own, foreign


_BUILTINS = frozenset(dir(builtins))


def read_project(files: Iterable[TreeFile]) -> Project:
    """Read the Python files and notebooks of an app; a file that cannot be read becomes a finding in `faults`."""
    project = Project()
    for file in files:
        if not file.path.endswith((".py", ".pyw", ".pyi", ".ipynb")):
            continue
        try:
            module = _read(file.path, file.content)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
            line = getattr(fault, "lineno", 0) or 0
            words = f"does not parse: {str(fault)[:120]}"
            project.faults.append(Finding(rule("syntax-error"), file.path, line, words))
            continue
        project.modules[module.name] = module
        project._ends.setdefault(module.name.rpartition(".")[2], []).append(module)
    project._split.clear()
    project._resolved.clear()
    for module in project.modules.values():
        for cls in module.classes.values():
            cls.bases = tuple(name for name in (project.name_of(module, base) for base in _bases(cls.node)) if name)
    return project


def _bases(node: ast.ClassDef) -> Iterator[ast.expr]:
    for base in node.bases:
        # Generic[T] and Base[T] are made of what stands before the bracket.
        yield base.value if isinstance(base, ast.Subscript) else base


def module_name(path: str) -> str:
    """Return the dotted name of a file of the tree."""
    return path.rpartition(".")[0].removesuffix("/__init__").removeprefix("src/").replace("/", ".")


def _read(path: str, content: bytes) -> Module:
    found = parsed(path, content)
    module = Module(module_name(path), path, found.tree, found.lines, found.index, package=path.endswith("__init__.py"))
    for node in found.index.imports:
        _import(module, node)
    _define(module, found.tree.body, set())
    return module


def _import(module: Module, node: ast.Import | ast.ImportFrom) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.split(".")[0]
            module.imports[alias.asname or first] = alias.name if alias.asname else first
        return
    base = _absolute(module, node)
    for alias in node.names:
        if alias.name == "*":
            module.stars.append(base)
        else:
            module.imports[alias.asname or alias.name] = f"{base}.{alias.name}" if base else alias.name


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    up = node.level - 1 if module.package else node.level
    parts = parts[: len(parts) - up] if up else parts
    return ".".join([*parts, *([node.module] if node.module else [])])


def _define(module: Module, body: Iterable[ast.stmt], twice: set[str]) -> None:
    """Note what a module's top defines; what stands in `if` and `try` there counts too."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                module.functions[statement.name] = statement
            case ast.ClassDef():
                module.classes[statement.name] = _class(module, statement)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                _constant(module, name, value, twice)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                _constant(module, name, value, twice)
            case ast.If() | ast.Try() | ast.With():
                blocks = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
                blocks += [handler.body for handler in getattr(statement, "handlers", [])]
                for block in blocks:
                    _define(module, block, twice)


def _constant(module: Module, name: str, value: ast.expr, twice: set[str]) -> None:
    if name in module.constants or name in twice:
        # Assigned twice, a name is no constant.
        module.constants.pop(name, None)
        twice.add(name)
    else:
        module.constants[name] = value


def _class(module: Module, node: ast.ClassDef) -> Class:
    methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
    return Class(node.name, module, node, methods=methods)


def scopes(module: Module) -> Iterator[ast.Module | Function]:
    """Yield the module and every function in it."""
    yield from module.index.scopes


def _characters(line: str, offset: int) -> int:
    """Return the column, from 1 and in characters, of an offset in UTF-8 bytes; 0 when there is none."""
    return len(line.encode()[:offset].decode(errors="replace")) + 1 if offset >= 0 else 0
