"""What Python files import, and which of an app's files its entrypoints reach."""

import ast
import posixpath
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bailiwick.control.review.engines.python.parsing import parsed as as_python
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import Manifest

_MAKES_MODULES = frozenset({
    "import_module", "__import__", "run_module", "run_path", "spec_from_file_location", "SourceFileLoader",
    "load_module", "import_string", "exec", "eval", "iter_modules", "walk_packages", "entry_points", "autodiscover",
    "find_modules",
})  # fmt: skip
# Commands that look for modules themselves.
_FINDERS = frozenset({"alembic", "celery", "django"})
# Names, and those of modules and files.
_NAME = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"[^\W\d][\w./]*\w")
# What Python imports by itself, where it is there.
_BY_THEMSELVES = frozenset({"sitecustomize.py", "usercustomize.py"})


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a file imports, with its line; `guarded` when the file goes on without it."""

    module: str
    names: tuple[str, ...]
    line: int
    guarded: bool = False


def parsed(file: TreeFile) -> ast.Module | None:
    """Return a file's syntax tree; None when it has none, which another engine finds."""
    try:
        return as_python(file.path, file.content).tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# Several engines follow the same imports one after the other.
@lru_cache(maxsize=512)
def imports_of(tree: ast.Module, path: str) -> tuple[Import, ...]:
    """Return what a module imports, relative names made whole by the file's path."""
    return tuple(_imports(tree, path, guarded=False))


def _imports(node: ast.AST, path: str, *, guarded: bool) -> Iterator[Import]:
    # A stack of our own: files may be nested deeper than Python recurses.
    stack = [(node, guarded)]
    while stack:
        current, free = stack.pop()
        if isinstance(current, ast.Import):
            yield from (Import(alias.name, (), current.lineno, free) for alias in current.names)
        elif isinstance(current, ast.ImportFrom):
            names = tuple(alias.name for alias in current.names)
            yield Import(_whole(current, path), names, current.lineno, free)
        elif isinstance(current, ast.Try) and _goes_on_without(current):
            stack += [(item, True) for item in [*current.body, *current.handlers]]
            stack += [(item, free) for item in [*current.orelse, *current.finalbody]]
        elif isinstance(current, ast.If) and _depends(current.test):
            stack += [(item, True) for item in [*current.body, *current.orelse]]
        elif not isinstance(current, ast.expr):
            stack += [(child, free) for child in ast.iter_child_nodes(current)]


def _depends(test: ast.expr) -> bool:
    """Return whether a condition is about types only, or about the interpreter and machine that runs."""
    said = ast.dump(test)
    return any(word in said for word in ("TYPE_CHECKING", "version_info", "'platform'", "PY3", "PY2"))


def _goes_on_without(node: ast.Try) -> bool:
    for handler in node.handlers:
        caught = "BaseException" if handler.type is None else ast.dump(handler.type)
        if any(name in caught for name in ("ImportError", "ModuleNotFoundError", "'Exception'", "BaseException")):
            return not any(isinstance(item, ast.Raise) for item in handler.body)
    return False


def _whole(statement: ast.ImportFrom, path: str) -> str:
    if not statement.level:
        return statement.module or ""
    folder = posixpath.dirname(path).split("/")
    up = statement.level - 1
    base = [part for part in (folder[: len(folder) - up] if up else folder) if part]
    return "." + ".".join([*base, *([statement.module] if statement.module else [])])


@dataclass(frozen=True)
class Reach:
    """The Python files of an app that its entrypoints reach, and the imports of each file that could be parsed."""

    reached: frozenset[str]
    imports: Mapping[str, tuple[Import, ...]]


def reach(manifest: Manifest | None, files: Mapping[str, TreeFile]) -> Reach:
    """Follow imports from what the manifest starts. Where that cannot be told, every file is reached."""
    trees = {path: parsed(file) for path, file in files.items() if path.endswith(".py")}
    imports = {path: imports_of(tree, path) for path, tree in trees.items() if tree is not None}
    starts = _starts(manifest, files)
    if not starts:
        return Reach(frozenset(trees), imports)
    dotted = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in trees}
    ends: dict[str, list[str]] = {}
    for path in trees:
        ends.setdefault(path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2], []).append(path)
    reached: set[str] = set()
    waiting = [*starts, *(path for path in trees if path.rpartition("/")[2] in _BY_THEMSELVES)]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        tree = trees.get(path)
        if tree is None:
            continue
        words = _words(files[path].content)
        if words & (_MAKES_MODULES | _FINDERS):
            return Reach(frozenset(trees), imports)
        waiting += [found for item in imports[path] for found in _own(item, path, files) or _anywhere(item, ends)]
        waiting += [dotted[word] for word in words if word in dotted and "." in word]
        waiting += [word for word in words if word in trees]
    return Reach(frozenset(reached), imports)


def _starts(manifest: Manifest | None, files: Mapping[str, TreeFile]) -> list[str]:
    if manifest is None:
        return []
    modules = [entry.partition(":")[0] for entry in manifest.entrypoints.values()]
    found = [path for module in modules for path in _files_of(module, "", files)]
    return found if modules and found else []


def _anywhere(item: Import, ends: Mapping[str, list[str]]) -> list[str]:
    """Return the files that an import may mean when the app changes where Python looks."""
    wanted = [item.module.rpartition(".")[2], *item.names]
    return [path for name in wanted for path in ends.get(name, ())]


def _own(item: Import, path: str, files: Mapping[str, TreeFile]) -> list[str]:
    return list(_own_files(item, path, files))


def _own_files(item: Import, path: str, files: Mapping[str, TreeFile]) -> Iterator[str]:
    module = item.module
    yield from _files_of(module.lstrip("."), "", files)
    for name in item.names:
        yield from _files_of(f"{module.lstrip('.')}.{name}".lstrip("."), "", files)
    if not module.startswith("."):
        for name in ("", *item.names):  # a script's own folder
            yield from _files_of(f"{module}.{name}".rstrip("."), posixpath.dirname(path), files)


def _files_of(module: str, folder: str, files: Mapping[str, TreeFile]) -> Iterator[str]:
    """Yield the files that importing a module runs: those of the packages that it stands in, too."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        base = posixpath.join(folder, *parts[:end])
        for path in (f"{base}.py", f"{base}/__init__.py", f"src/{base}.py", f"src/{base}/__init__.py"):
            if path in files:
                yield path


def _words(content: bytes) -> set[str]:
    """Return the names and words of a file, comments too, by which it may come to modules that it does not import.

    Names count in the form that Python gives them (NFKC).
    """
    text = content.decode(errors="replace")
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return {*_NAME.findall(text), *_WORD.findall(text)}
