"""Source files as standards see them: what they import and define, in Python, JavaScript and TypeScript."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ast_grep_py import SgNode, SgRoot

from bailiwick.control.review.engines.source import Lines, text_of
from bailiwick.core.artifacts import TreeFile

LANGUAGES = {"py": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript", "jsx": "javascript",
             "ts": "typescript", "mts": "typescript", "tsx": "tsx"}  # fmt: skip
_MOST_BYTES = 2**19
_LONGEST_LINE = 20_000
_ROUTES = frozenset({"get", "post", "put", "delete", "patch", "route", "websocket", "head", "options"})


@dataclass(frozen=True, slots=True)
class Named:
    """A name that a file defines or imports, its line, and (for functions) how many lines it has."""

    kind: str
    name: str
    line: int
    lines: int = 0


@dataclass(frozen=True)
class Source:
    """A file of a language that is known; what cannot be parsed defines and imports nothing (others say so)."""

    path: str
    text: str
    language: str

    @cached_property
    def python(self) -> ast.Module | None:
        """Its tree, where it is Python and parses."""
        if self.language != "python":
            return None
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def root(self) -> SgNode:
        """Its tree as patterns see it."""
        return SgRoot(self.text, self.language).root()

    @cached_property
    def lines(self) -> Lines:
        """Its text by lines."""
        return Lines(self.text)

    @property
    def module(self) -> str:
        """Its name as a module: `orders.web.app` for `orders/web/app.py`."""
        plain = self.path.rpartition(".")[0].removeprefix("src/").replace("/", ".")
        return plain.removesuffix(".__init__").removesuffix(".index")

    @cached_property
    def imports(self) -> tuple[Named, ...]:
        """What it imports, by full names."""
        found = self._python_imports() if self.language == "python" else self._script_imports()
        return tuple(found)

    @cached_property
    def names(self) -> tuple[Named, ...]:
        """What it defines."""
        found = self._python_names() if self.language == "python" else self._script_names()
        stem = self.path.rpartition("/")[2].rpartition(".")[0]
        return (Named("module", stem, 0), *found)

    def _python_imports(self) -> Iterator[Named]:
        for node in ast.walk(self.python) if self.python else ():
            if isinstance(node, ast.Import):
                for item in node.names:
                    yield Named("import", item.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                for item in node.names:
                    yield Named(
                        "import", f"{base}.{item.name}" if base and item.name != "*" else base or item.name, node.lineno
                    )

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.module.split(".")
        keep = len(package) - node.level + (1 if self.path.endswith("__init__.py") else 0)
        return ".".join([*package[: max(keep, 0)], *([node.module] if node.module else [])])

    def _python_names(self) -> Iterator[Named]:
        for node in ast.walk(self.python) if self.python else ():
            if isinstance(node, ast.ClassDef):
                yield Named("class", node.name, node.lineno)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if not (node.name.startswith("__") and node.name.endswith("__")):
                    yield Named("function", node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1)
                yield from _routes(node)
        for node in self.python.body if self.python else ():
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                for target in node.targets:
                    if isinstance(target, ast.Name) and not target.id.startswith("__"):
                        yield Named("constant", target.id, node.lineno)

    def _script_imports(self) -> Iterator[Named]:
        for node in (*self.root.find_all(kind="import_statement"), *self.root.find_all(kind="export_statement")):
            source = node.field("source")
            if source is not None:
                yield Named("import", self._script_module(source.text()[1:-1]), node.range().start.line + 1)
        for pattern in ("require($X)", "import($X)"):
            for node in self.root.find_all(pattern=pattern):
                given = node.get_match("X")
                if given is not None and given.kind() == "string":
                    yield Named("import", self._script_module(given.text()[1:-1]), node.range().start.line + 1)

    def _script_module(self, named: str) -> str:
        if not named.startswith("."):
            return named.replace("/", ".")
        parts = self.path.split("/")[:-1]
        for part in named.split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in {".", ""}:
                parts.append(part)
        plain = "/".join(parts)
        last = plain.rpartition(".")[2]
        return (plain.rpartition(".")[0] if last in LANGUAGES else plain).removeprefix("src/").replace("/", ".")

    def _script_names(self) -> Iterator[Named]:
        for grammar, kind in (
            ("class_declaration", "class"),
            ("function_declaration", "function"),
            ("method_definition", "function"),
        ):
            for node in self.root.find_all(kind=grammar):
                name = node.field("name")
                if name is not None and name.text() != "constructor":
                    place = node.range()
                    yield Named(kind, name.text(), place.start.line + 1, place.end.line - place.start.line + 1)


def _routes(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Named]:
    for decorator in node.decorator_list:
        if (
            isinstance(decorator, ast.Call)
            and isinstance(decorator.func, ast.Attribute)
            and decorator.func.attr in _ROUTES
        ):
            first = decorator.args[0] if decorator.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Named("route", first.value, decorator.lineno)


def source_of(file: TreeFile) -> Source | None:
    """Return a file as one of a language that is known; nothing for others, and for what is too large to be written."""
    language = LANGUAGES.get(file.path.rpartition(".")[2].lower())
    text = text_of(file.content)
    if language is None or text is None or is_too_large(file):
        return None
    return Source(file.path, text, language)


def is_too_large(file: TreeFile) -> bool:
    """Say whether a file of a language that is known is larger than anybody writes: then it is not read as code."""
    if file.path.rpartition(".")[2].lower() not in LANGUAGES:
        return False
    return len(file.content) > _MOST_BYTES or any(len(line) > _LONGEST_LINE for line in file.content.split(b"\n"))
