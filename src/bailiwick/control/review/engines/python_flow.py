"""Data flow in Python: follows values from where they come in to where they do harm, through the app's own functions.

A value is *constant* when it is made of literals only, however it is put together; otherwise it may be anything. What
matters is the text that reaches a sink. Calls to the app's own functions are followed: their return value is constant
when every return is, for the arguments given.
"""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule

# Methods whose first argument is SQL, and functions that make SQL of text.
_SQL_METHODS = frozenset(
    {"execute", "executemany", "executescript", "fetch", "fetchrow", "fetchval", "exec_driver_sql", "stream"}
)
_SQL_MAKERS = frozenset(
    {"text", "sqlalchemy.text", "sqlalchemy.sql.text", "psycopg.sql.SQL", "sql.SQL", "SQL", "RawSQL"}
)
_COMMANDS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})
_SPAWNERS = ("subprocess.", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "pty.", "multiprocessing.")
_DYNAMIC = frozenset({"eval", "exec", "compile", "builtins.eval", "builtins.exec"})
_UNPICKLERS = (
    "pickle.load",
    "pickle.Unpickler",
    "marshal.load",
    "shelve.open",
    "dill.load",
    "cloudpickle.load",
    "joblib.load",
)
_NATIVE = ("ctypes.", "cffi.")
_DEEPEST = 8


@dataclass
class _Module:
    name: str
    path: str
    tree: ast.Module
    source: list[str]
    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)


Environment = Mapping[str, bool]


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings in the Python files of the tip."""
    modules: dict[str, _Module] = {}
    for file in change.files:
        if file.path.endswith(".py"):
            try:
                module = _read(file.path, file.content)
            except (SyntaxError, ValueError, RecursionError) as fault:
                line = getattr(fault, "lineno", 0) or 0
                yield Finding(rule("syntax-error"), file.path, line, f"does not parse: {str(fault)[:120]}")
                continue
            modules[module.name] = module
    for module in modules.values():
        yield from _Reader(module, modules).findings()


def _read(path: str, content: bytes) -> _Module:
    # Python runs what the encoding that a file names makes of it; read as anything else, code hides in comments.
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    if encoding not in {"utf-8", "utf-8-sig"}:
        raise ValueError(f"it is written in {encoding[:40]}, and only UTF-8 is reviewed")
    text = content.decode(encoding)
    tree = ast.parse(text)
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    module = _Module(name, path, tree, text.splitlines())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                module.imports[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                module.imports[alias.asname or alias.name] = f"{base}.{alias.name}"
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            module.functions[statement.name] = statement
        elif (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            name = statement.targets[0].id
            # Assigned twice, a name is no constant.
            module.constants[name] = ast.Name("\0") if name in module.constants else statement.value
    return module


def _absolute(module: _Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")[: -node.level] if not module.path.endswith("__init__.py") else module.name.split(".")
    return ".".join([*parts, *([node.module] if node.module else [])])


class _Reader:
    def __init__(self, module: _Module, modules: Mapping[str, _Module]) -> None:
        self._module = module
        self._modules = modules

    def findings(self) -> Iterator[Finding]:
        for scope in ast.walk(self._module.tree):
            if isinstance(scope, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
                known = self._environment(scope)
                for call in _calls_of(scope):
                    yield from self._check_call(call, known)

    def _environment(self, scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> Environment:
        """Return which names of a scope hold constant text: those for which every assignment does."""
        known: dict[str, bool] = {}
        if not isinstance(scope, ast.Module):
            arguments = scope.args
            for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
                known[argument.arg] = False
        for node in _own(scope):
            for name, value in _assignments(node):
                constant = value is not None and self._is_constant(value, known, 0)
                if isinstance(node, ast.AugAssign):
                    constant = constant and known.get(name, True)
                known[name] = known.get(name, True) and constant
        return known

    def _check_call(self, call: ast.Call, known: Environment) -> Iterator[Finding]:
        name = self._name_of(call.func)
        first = (
            call.args[0]
            if call.args
            else next((k.value for k in call.keywords if k.arg in {"query", "sql", "statement"}), None)
        )
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if first is not None and (method in _SQL_METHODS or name in _SQL_MAKERS) and self._is_built(first, known):
            yield self._finding("sql-injection", call, "a query is built from strings")
        shell = any(
            k.arg == "shell" and not (isinstance(k.value, ast.Constant) and not k.value.value) for k in call.keywords
        )
        if first is not None and (name in _COMMANDS or shell) and not self._is_constant(first, known, 0):
            yield self._finding("command-injection", call, f"{name} runs a command that is built from values")
        elif name in _COMMANDS or name.startswith(_SPAWNERS):
            yield self._finding("process-spawning", call, f"{name} starts another program")
        elif name in _DYNAMIC and first is not None and not isinstance(first, ast.Constant):
            yield self._finding("dynamic-code", call, f"{name} runs code that is made at run time")
        elif name.startswith(_UNPICKLERS):
            yield self._finding("unsafe-deserialisation", call, f"{name} runs what the data says")
        elif name.startswith(_NATIVE):
            yield self._finding("native-loading", call, f"{name} calls native code")

    def _is_built(self, node: ast.expr, known: Environment) -> bool:
        """Return whether text is put together from parts that are not constant; text from elsewhere is not."""
        if isinstance(node, ast.Name):
            target = self._assigned(node.id)
            if node.id in known and not known[node.id]:
                return any(self._looks_built(value) for value in target)
            return False
        return self._looks_built(node) and not self._is_constant(node, known, 0)

    def _assigned(self, name: str) -> list[ast.expr]:
        found = []
        for node in ast.walk(self._module.tree):
            found += [value for target, value in _assignments(node) if target == name and value is not None]
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                found.append(ast.BinOp(ast.Name(name), ast.Add(), node.value))
        return found

    def _looks_built(self, node: ast.expr) -> bool:
        if isinstance(node, ast.JoinedStr):
            return any(isinstance(part, ast.FormattedValue) for part in node.values)
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.Add | ast.Mod)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join", "replace", "format_map"}:
                return True
            target = self._function(node.func)
            return target is not None and any(self._looks_built(value) for value in _returns(target[1]))
        return isinstance(node, ast.IfExp) and (self._looks_built(node.body) or self._looks_built(node.orelse))

    def _is_constant(self, node: ast.expr, known: Environment, depth: int) -> bool:  # noqa: PLR0911 - one a form
        if depth > _DEEPEST:
            return False
        deeper = depth + 1
        match node:
            case ast.Constant():
                return True
            case ast.Name():
                if node.id in known:
                    return known[node.id]
                return self._global_constant(node.id, deeper)
            case ast.JoinedStr():
                return all(self._is_constant(value, known, deeper) for value in node.values)
            case ast.FormattedValue():
                return self._is_constant(node.value, known, deeper)
            case ast.BinOp():
                return self._is_constant(node.left, known, deeper) and self._is_constant(node.right, known, deeper)
            case ast.IfExp():
                return self._is_constant(node.body, known, deeper) and self._is_constant(node.orelse, known, deeper)
            case ast.Tuple() | ast.List() | ast.Set():
                return all(self._is_constant(item, known, deeper) for item in node.elts)
            case ast.Dict():
                return all(self._is_constant(item, known, deeper) for item in node.values)
            case ast.Subscript():
                # Whatever the key, what comes out of a constant table is constant: the usual way to choose a column.
                return self._is_constant(node.value, known, deeper)
            case ast.Call():
                return self._call_is_constant(node, known, deeper)
        return False

    def _call_is_constant(self, node: ast.Call, known: Environment, depth: int) -> bool:
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        all_constant = all(self._is_constant(value, known, depth) for value in given)
        if isinstance(node.func, ast.Attribute) and node.func.attr in {
            "format",
            "join",
            "replace",
            "strip",
            "lower",
            "upper",
            "get",
        }:
            # TABLE.get(key, "default") gives a constant for any key.
            rest = given[1:] if node.func.attr == "get" else given
            return self._is_constant(node.func.value, known, depth) and all(
                self._is_constant(value, known, depth) for value in rest
            )
        if self._name_of(node.func) in {"int", "float", "bool", "len"}:
            return True
        target = self._function(node.func)
        if target is None:
            return False
        module, function = target
        names = [argument.arg for argument in function.args.args]
        inner = dict.fromkeys(names, False)
        for name, value in zip(names, node.args, strict=False):
            inner[name] = self._is_constant(value, known, depth)
        for keyword in node.keywords:
            if keyword.arg:
                inner[keyword.arg] = self._is_constant(keyword.value, known, depth)
        reader = _Reader(module, self._modules)
        returned = _returns(function)
        return (
            (all_constant or bool(returned))
            and bool(returned)
            and all(reader._is_constant(value, inner, depth) for value in returned)
        )

    def _global_constant(self, name: str, depth: int) -> bool:
        if name in self._module.constants:
            return self._is_constant(self._module.constants[name], {}, depth)
        module, _, attribute = self._module.imports.get(name, "").rpartition(".")
        other = self._modules.get(module)
        return (
            other is not None
            and attribute in other.constants
            and _Reader(other, self._modules)._global_constant(attribute, depth)
        )

    def _function(self, node: ast.expr) -> tuple[_Module, ast.FunctionDef | ast.AsyncFunctionDef] | None:
        """Return the app's own function that an expression names, in this module or another of the app."""
        if isinstance(node, ast.Name) and node.id in self._module.functions:
            return self._module, self._module.functions[node.id]
        module, _, attribute = self._name_of(node).rpartition(".")
        other = self._modules.get(module)
        if other is not None and attribute in other.functions:
            return other, other.functions[attribute]
        return None

    def _name_of(self, node: ast.expr) -> str:
        """Return the dotted name of an expression with imports resolved, or an empty string."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self._module.imports.get(node.id, node.id), *reversed(parts)])

    def _finding(self, rule_id: str, node: ast.expr, message: str) -> Finding:
        excerpt = self._module.source[node.lineno - 1] if node.lineno <= len(self._module.source) else ""
        return Finding(rule(rule_id), self._module.path, node.lineno, message, excerpt)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope in order, without those of functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own(child)


def _calls_of(scope: ast.AST) -> Iterator[ast.Call]:
    return (node for node in _own(scope) if isinstance(node, ast.Call))


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:  # noqa: PLR0912 - one a form
    """Yield the names that a node assigns, with the value, or None when it is not known."""
    match node:
        case ast.Assign():
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        yield name.id, node.value if target is name else None
        case ast.AnnAssign() if isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
        case ast.AugAssign() if isinstance(node.target, ast.Name):
            yield node.target.id, node.value
        case ast.NamedExpr() if isinstance(node.target, ast.Name):
            yield node.target.id, node.value
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name):
                    yield name.id, node.iter if isinstance(node.iter, ast.Tuple | ast.List) else None
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                if isinstance(item.optional_vars, ast.Name):
                    yield item.optional_vars.id, None


def _returns(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    return [node.value for node in _own(function) if isinstance(node, ast.Return) and node.value is not None]
