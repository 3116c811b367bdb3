"""Whether what the manifest starts is there, and for Python can be imported: its import played through on the app's own
files.

Only what surely happens is followed: statements at the top of a module, not those under a condition or in a `try`.
What is said is sure to fail at the start; what is not said may still, and the app's page tells of it then.
"""

import ast
from collections.abc import Iterator, Mapping

from bailiwick.control.review.model import Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import FILE_NAME, Manifest

_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp,
              ast.GeneratorExp)  # fmt: skip
# With these a module can come to names that no statement of it binds.
_MAKES_NAMES = frozenset({"globals", "locals", "vars", "exec", "setattr", "modules", "__dict__"})


def check(manifest: Manifest, files: Mapping[str, TreeFile]) -> Iterator[Finding]:
    """Yield a finding for each entrypoint that is not there, and for each import on the way to it that must fail."""
    if manifest.app.on_node:
        yield from _files(manifest.entrypoints, files)
        return
    if not manifest.app.runtime.startswith("python"):
        return
    for place, entrypoint in manifest.entrypoints.items():
        module, _, name = entrypoint.partition(":")
        yield from _entrypoint(place, module, name, files)


def _files(wanted: Mapping[str, str | None], files: Mapping[str, TreeFile]) -> Iterator[Finding]:
    """Yield a finding for each file that Node would not find."""
    for place, entrypoint in wanted.items():
        if entrypoint is not None and entrypoint not in files:
            yield Finding(
                rule("entrypoint-missing"), FILE_NAME, 0, f"{place} names {entrypoint}, but there is no such file"
            )


def _entrypoint(place: str, module: str, name: str, files: Mapping[str, TreeFile]) -> Iterator[Finding]:
    importer = _Importer(files)
    file = importer.file(module)
    if file is None:
        words = f"{place} names {module}, but there is no {module.replace('.', '/')}.py"
        yield Finding(rule("entrypoint-missing"), FILE_NAME, 0, words)
        return
    importer.load(module)
    yield from importer.findings
    if not importer.has(module, name):
        words = f"{place} names {name}, but {file.path} does not define it"
        yield Finding(rule("entrypoint-missing"), file.path, 1, words)


class _Importer:
    """Modules as they are imported: the names that each has so far, and whether it has come to its end."""

    def __init__(self, files: Mapping[str, TreeFile]) -> None:
        self._files = files
        self._names: dict[str, set[str]] = {}
        self._done: set[str] = set()
        self._open: set[str] = set()
        self.findings: list[Finding] = []

    def file(self, module: str) -> TreeFile | None:
        """Return the app's own file of a module; as for Python, a package goes before a file of the same name."""
        base = module.replace(".", "/")
        return self._files.get(f"{base}/__init__.py") or self._files.get(f"{base}.py")

    def has(self, module: str, name: str) -> bool:
        """Return whether a module has a name by now, or may have it."""
        return module in self._open or name in self._names.get(module, ())

    def load(self, module: str) -> None:
        """Import a module of the app, and the packages that it stands in before it."""
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            self._run(".".join(parts[:end]))

    def _run(self, module: str) -> None:
        file = self.file(module)
        if file is None or module in self._names:
            return
        self._names[module] = set()
        try:
            tree = ast.parse(file.content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self._open.add(module)  # that it does not parse is a finding of its own
            return
        if _makes_names(tree):
            self._open.add(module)
        for statement in tree.body:
            self._names[module] |= set(self._bound(module, file, statement))
        self._done.add(module)

    def _bound(self, module: str, file: TreeFile, statement: ast.stmt) -> Iterator[str]:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                self._require(alias.name, file, statement)
        elif isinstance(statement, ast.ImportFrom):
            base = _absolute(module, file, statement)
            self._require(base, file, statement)
            for alias in statement.names:
                if alias.name == "*":
                    self._open |= {module} if self.file(base) is None or base in self._open else set()
                    yield from self._names.get(base, ())
                else:
                    self._take(base, alias.name, file, statement)
        yield from _names_of(statement)

    def _require(self, module: str, file: TreeFile, statement: ast.stmt) -> None:
        """Import what a statement names; say so when it must be a module of the app and there is none."""
        self.load(module)
        package, _, name = module.rpartition(".")
        inside = self._files.get(f"{package.replace('.', '/')}/__init__.py")
        if inside is not None and self.file(module) is None and not self._is_folder(module):
            self._say(file, statement, f"{package} has no module {name}")

    def _take(self, base: str, name: str, file: TreeFile, statement: ast.stmt) -> None:
        source = self.file(base)
        if source is None or self.has(base, name):
            return
        inner = f"{base}.{name}"
        if self.file(inner) is not None or self._is_folder(inner):
            self.load(inner)
        elif base in self._done:
            self._say(file, statement, f"{source.path} does not define {name}")
        else:
            words = f"{source.path} is still being imported here and has no {name} yet: they import each other"
            self._say(file, statement, words)

    def _is_folder(self, module: str) -> bool:
        start = module.replace(".", "/") + "/"
        return any(path.startswith(start) for path in self._files)

    def _say(self, file: TreeFile, statement: ast.stmt, words: str) -> None:
        self.findings.append(Finding(rule("entrypoint-missing"), file.path, statement.lineno, words))


def _absolute(module: str, file: TreeFile, statement: ast.ImportFrom) -> str:
    if not statement.level:
        return statement.module or ""
    parts = module.split(".")
    up = statement.level - file.path.endswith("__init__.py")
    return ".".join([*parts[: len(parts) - up], *([statement.module] if statement.module else [])])


def _makes_names(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in _MAKES_NAMES or (isinstance(node, ast.FunctionDef) and node.name == "__getattr__"):
            return True
        if isinstance(node, ast.Global):
            return True
    return False


def _names_of(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds in its module, also under conditions."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
    if not isinstance(node, _OWN_SCOPE):
        for child in ast.iter_child_nodes(node):
            yield from _names_of(child)
