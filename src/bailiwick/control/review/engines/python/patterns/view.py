"""A Python file as the rules see it: names with imports resolved, what they may hold, and what made them."""

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.definitions import Definitions, parameters
from bailiwick.control.review.engines.python.patterns.folding import Folding
from bailiwick.control.review.engines.python.patterns.outline import Function, Scope, outline
from bailiwick.control.review.engines.python.project import Module, Project
from bailiwick.control.review.model import Edit, Finding
from bailiwick.control.review.rules import rule

_DEEPEST = 12
_CHANGING = frozenset(
    {"append", "extend", "insert", "add", "update", "remove", "pop", "clear", "setdefault", "discard"}
)
_IMPORTERS = frozenset({"__import__", "importlib.import_module"})


class View:
    """One module of an app. `app` holds those of the others by their names, this one's too."""

    def __init__(self, module: Module, project: Project, app: Mapping[str, "View"]) -> None:
        self.path = module.path
        self.tree = module.tree
        self.lines = module.lines
        self.app = app
        self.module = module
        self.project = project
        self.imports = module.imports
        seen = outline(self.tree)
        self.nodes = seen.nodes
        self.parents = seen.parents
        self.classes = {node.name: node for node in self.nodes if isinstance(node, ast.ClassDef)}
        self.functions = module.functions
        self.folding = Folding(self)
        self.definitions = Definitions(seen, self.folding.truth)
        self._names: dict[ast.expr, str] = {}

    @cached_property
    def text(self) -> str:
        """The file's text."""
        return "\n".join(self.lines)

    @cached_property
    def vocabulary(self) -> str:
        """Every name, number and text of the code, one after the other; what comments and docstrings say is no code."""
        found: list[str] = list(self.imports.values())
        for node in self.nodes:
            match node:
                case ast.Name():
                    found.append(node.id)
                case ast.Attribute():
                    found.append(node.attr)
                case ast.arg() | ast.keyword():
                    value = node.value if isinstance(node, ast.keyword) else None
                    given = f"={value.value!r}" if isinstance(value, ast.Constant) else ""
                    found.append(f"{node.arg}{given}")
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    found.append(node.name)
                case ast.Constant() if not isinstance(self.parents[node], ast.Expr):
                    found.append(str(node.value))
        return "\0".join(found)

    @cached_property
    def changed(self) -> frozenset[str]:
        """The names of containers that the file changes after they were made, by a method or an item."""
        found: set[str] = set()
        for node in self.nodes:
            if (
                isinstance(node, ast.Subscript)
                and not isinstance(node.ctx, ast.Load)
                and isinstance(node.value, ast.Name)
            ) or (isinstance(node, ast.Attribute) and node.attr in _CHANGING and isinstance(node.value, ast.Name)):
                found.add(node.value.id)
        return frozenset(found)

    @cached_property
    def configures_django(self) -> bool:
        """Whether the file is the settings of a Django project."""
        names = {"INSTALLED_APPS", "ROOT_URLCONF"}
        return any(isinstance(node, ast.Name) and node.id in names for node in self.nodes) or (
            "settings" in self.path and "django" in self.vocabulary
        )

    def elsewhere(self, dotted: str) -> tuple["View", str] | None:
        """Return the other module of the app in which a dotted name is defined, and the rest of the name."""
        place = self.project.split(self.project.resolve(dotted, self.module), self.module) if dotted else None
        if place is None or place[0] is self.module or place[0].name not in self.app:
            return None
        return self.app[place[0].name], place[1]

    @cached_property
    def fields(self) -> dict[tuple[str, str], list[ast.expr]]:
        """What is assigned to the fields of classes, by (class, field): in its body and to `self` in its methods."""
        found: dict[tuple[str, str], list[ast.expr]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    key = self._field(node, target)
                    if key:
                        found.setdefault(key, []).append(node.value)
        return found

    def name(self, node: ast.AST | None) -> str:
        """Return the dotted name of an expression with imports and aliases resolved, or an empty string."""
        if not isinstance(node, ast.expr):
            return ""
        if node not in self._names:
            self._names[node] = ""  # an alias of itself has no name
            self._names[node] = self._named(node)
        return self._names[node]

    def last(self, node: ast.AST | None) -> str:
        """Return the last part of a name: the method's or attribute's own."""
        if isinstance(node, ast.Attribute):
            return node.attr
        return node.id if isinstance(node, ast.Name) else ""

    def reaching(self, node: ast.Name) -> list[ast.expr | None]:
        """Return what a name may hold where it is read, looked for in its own scope and then in those around it."""
        scope = self.scope(node)
        found = self.definitions.reaching(node.id, node)
        while not found and scope is not self.tree:
            inner, scope = scope, self.scope(scope)
            if isinstance(inner, Function | ast.Lambda) and node.id in parameters(inner):
                return [None]
            if not isinstance(scope, ast.ClassDef):
                found = self.everywhere(scope, node.id)
        return found

    def everywhere(self, scope: Scope, name: str) -> list[ast.expr | None]:
        """Return what a name of a scope may hold at the end of it: what functions inside see."""
        body = scope.body
        if not isinstance(body, list):
            return []
        return self.definitions.at_end(body, name)

    def scope(self, node: ast.AST) -> Scope:
        """Return the scope that a node stands in."""
        here = self.parents.get(node, self.tree)
        while not isinstance(here, Scope):
            here = self.parents.get(here, self.tree)
        return here

    def function(self, node: ast.AST) -> Function | None:
        """Return the function that a node stands in."""
        return next((item for item in self.around(node) if isinstance(item, Function)), None)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node stands in, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def values(self, node: ast.AST | None) -> list[object]:
        """Return what an expression may be, with `UNKNOWN` for what cannot be said."""
        return self.folding.values(node) if isinstance(node, ast.expr) else [UNKNOWN]

    def may_be(self, node: ast.AST | None, *wanted: object) -> bool:
        """Return whether an expression may be one of some constants."""
        return any(value is not UNKNOWN and any(_same(value, one) for one in wanted) for value in self.values(node))

    def is_surely(self, node: ast.AST | None, *wanted: object) -> bool:
        """Return whether an expression can be nothing but some constants."""
        return all(value is not UNKNOWN and any(_same(value, one) for one in wanted) for value in self.values(node))

    def texts(self, node: ast.AST | None) -> list[str]:
        """Return the texts that an expression may be; bytes are read as text."""
        found = []
        for value in self.values(node):
            if isinstance(value, bytes):
                found.append(value.decode("latin-1"))
            elif isinstance(value, str):
                found.append(value)
        return found

    def made_by(self, node: ast.AST | None, depth: int = 0) -> str:
        """Return the name of what made an object: a class, function or annotation; empty when nothing is known."""
        if depth > _DEEPEST or not isinstance(node, ast.expr):
            return ""
        if isinstance(node, ast.Await):
            return self.made_by(node.value, depth + 1)
        if isinstance(node, ast.Call):
            return self.name(node.func) or f"{self.made_by(_base(node.func), depth + 1)}().{self.last(node.func)}"
        if isinstance(node, ast.Attribute):
            return self._field_made_by(node, depth)
        if not isinstance(node, ast.Name):
            return ""
        for value in self.reaching(node):
            if value is not None:
                return self.made_by(value, depth + 1)
            return self._annotated(node)
        found = self.elsewhere(self.imports.get(node.id, ""))
        if found is not None:
            other, name = found
            return next((other.made_by(value, depth + 1) for value in other.everywhere(other.tree, name) if value), "")
        return ""

    def argument(self, call: ast.Call, position: int | None, *names: str) -> ast.expr | None:
        """Return an argument of a call by its position or one of its names; keywords given by `**{...}` count."""
        for keyword in call.keywords:
            if keyword.arg in names:
                return keyword.value
            if keyword.arg is None:
                for found in self._dictionaries(keyword.value):
                    for key, value in zip(found.keys, found.values, strict=True):
                        if isinstance(key, ast.Constant) and key.value in names:
                            return value
        if position is None or len(call.args) <= position:
            return None
        if any(isinstance(argument, ast.Starred) for argument in call.args[: position + 1]):
            return None
        return call.args[position]

    def argument_of_decorators(self, function: Function, name: str) -> ast.expr | None:
        """Return what a function's decorators are given under a name."""
        for item in function.decorator_list:
            found = self.argument(item, None, name) if isinstance(item, ast.Call) else None
            if found is not None:
                return found
        return None

    def spreads(self, call: ast.Call) -> bool:
        """Return whether a call takes arguments out of something that is not known."""
        return any(keyword.arg is None and not self._dictionaries(keyword.value) for keyword in call.keywords) or any(
            isinstance(argument, ast.Starred) for argument in call.args
        )

    def finding(self, rule_id: str, node: ast.AST, message: str, worse: int = 0, edit: Edit | None = None) -> Finding:
        """Return a finding at a node."""
        line = getattr(node, "lineno", 0)
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        start = len(text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")) + 1
        end_line = getattr(node, "end_lineno", None) or line
        last = self.lines[end_line - 1] if 0 < end_line <= len(self.lines) else ""
        end = len(last.encode()[: getattr(node, "end_col_offset", None) or 0].decode(errors="ignore")) + 1
        return Finding(
            rule(rule_id), self.path, line, message, text[:300], column=start, end_line=end_line, end_column=end,
            worse=worse, edit=edit,
        )  # fmt: skip

    def _dictionaries(self, node: ast.expr) -> list[ast.Dict]:
        if isinstance(node, ast.Dict):
            return [node]
        if isinstance(node, ast.Name):
            return [value for value in self.reaching(node) if isinstance(value, ast.Dict)]
        return []

    def _annotated(self, node: ast.Name) -> str:
        for item in self.around(node):
            if isinstance(item, Function):
                argument = parameters(item).get(node.id)
                if argument is not None:
                    return self.name(_bare(argument.annotation))
        return ""

    def _field_made_by(self, node: ast.Attribute, depth: int) -> str:
        for value in self.field_values(node):
            made = self.made_by(value, depth + 1)
            if made:
                return made
        base = self.made_by(node.value, depth + 1)
        return f"{base}.{node.attr}" if base else ""

    def field_values(self, node: ast.Attribute) -> list[ast.expr]:
        """Return what is assigned to a field of `self`, or of a class of this file."""
        if not isinstance(node.value, ast.Name):
            return []
        owner = node.value.id
        if owner in {"self", "cls"}:
            around = next((item for item in self.around(node) if isinstance(item, ast.ClassDef)), None)
            owner = around.name if around else ""
        return self.fields.get((owner, node.attr), [])

    def _field(self, node: ast.AST, target: ast.expr) -> tuple[str, str] | None:
        if isinstance(target, ast.Name):
            parent = self.parents.get(node)
            return (parent.name, target.id) if isinstance(parent, ast.ClassDef) else None
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            around = next((item for item in self.around(node) if isinstance(item, ast.ClassDef)), None)
            return (around.name, target.attr) if around else None
        return None

    def _named(self, node: ast.expr) -> str:
        if isinstance(node, ast.Attribute):
            base = self.name(node.value)
            return f"{base}.{node.attr}" if base else ""
        if isinstance(node, ast.Call):
            return self._named_by_call(node)
        if not isinstance(node, ast.Name):
            return ""
        held = self.reaching(node)
        if not held:
            return self.imports.get(node.id, node.id)
        known = {self.name(value) for value in held if isinstance(value, ast.Attribute | ast.Name | ast.Call)}
        known.discard("")
        if len(held) == len(known) == 1:
            return known.pop()
        return node.id if held == [None] and node.id in {*self.functions, *self.classes} else ""

    def _named_by_call(self, node: ast.Call) -> str:
        """Return what `getattr(module, "name")` and `__import__("module")` name."""
        name = self.name(node.func)
        if name == "getattr" and len(node.args) > 1:
            for text in self.texts(node.args[1]):
                base = self.name(node.args[0])
                return f"{base}.{text}" if base else ""
        if name in _IMPORTERS and node.args:
            return next(iter(self.texts(node.args[0])), "")
        return ""


def _base(node: ast.expr) -> ast.expr | None:
    return node.value if isinstance(node, ast.Attribute) else None


def _bare(annotation: ast.expr | None) -> ast.expr | None:
    """Return the class that an annotation is about: `X` of `X | None`, `Optional[X]` and `Annotated[X, ...]`."""
    if isinstance(annotation, ast.BinOp):
        return _bare(annotation.left)
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.value, ast.Name | ast.Attribute):
        if getattr(annotation.value, "id", getattr(annotation.value, "attr", "")) in {"Optional", "Annotated"}:
            inner = annotation.slice
            return _bare(inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner)
        return annotation.value
    return annotation


def _same(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted
