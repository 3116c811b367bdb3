"""What an app may not do at all: start programs, make code at run time, load native code or objects from data.

Names are found however they are come by: aliases, `getattr`, `__import__`, tables of names, texts put together.
"""

import ast
from collections.abc import Iterator, Mapping

from bailiwick.control.review.engines.python.constants import UNKNOWN, Evaluator, local_constants
from bailiwick.control.review.engines.python.project import Module, Project, scopes
from bailiwick.control.review.model import Finding

_SHELLS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})
_SPAWNERS = (
    "subprocess.", "asyncio.create_subprocess", "asyncio.subprocess.create", "os.exec", "os.spawn", "os.posix_spawn",
    "os.fork", "os.startfile", "pty.", "multiprocessing.", "pexpect.", "sh.", "plumbum.", "commands.", "popen2.",
)  # fmt: skip
_DYNAMIC = frozenset(
    {"eval", "exec", "compile", "code.InteractiveInterpreter", "code.InteractiveConsole", "types.FunctionType",
     "types.CodeType", "codeop.compile_command", "runpy.run_path", "runpy.run_module", "runpy._run_code"}
)  # fmt: skip
_IMPORTERS = frozenset({"__import__", "importlib.import_module", "importlib.__import__", "pkgutil.resolve_name"})
_UNPICKLERS = (
    "pickle.load", "pickle.Unpickler", "cPickle.load", "_pickle.load", "marshal.load", "shelve.open", "dill.load",
    "cloudpickle.load", "joblib.load", "jsonpickle.decode", "jsonpickle.loads", "pandas.read_pickle",
)  # fmt: skip
_NATIVE = ("ctypes.", "cffi.", "_ctypes.")
# Named without being called they are as good as called: in a table, as an argument, under another name.
_HANDED_ON = frozenset({
    "os.system", "os.popen", "subprocess.run", "subprocess.call", "subprocess.Popen", "subprocess.check_call",
    "subprocess.check_output", "subprocess.getoutput", "eval", "exec", "pickle.loads", "marshal.loads",
})  # fmt: skip
# Ways from any object to everything that Python has.
_CLIMBS = frozenset(
    {"__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__", "f_globals", "gi_frame"}
)
_TABLES = frozenset({"builtins", "os", "subprocess", "sys", "importlib", "posix", "shutil", "pty"})
_SAME = {"posix": "os", "nt": "os"}
_DEEPEST = 8


def find_capabilities(project: Project) -> Iterator[Finding]:
    """Yield what the app may not do, once a line and rule."""
    for module in project.modules.values():
        seen: set[tuple[str, int]] = set()
        for scope in scopes(module):
            for finding in _Scope(project, module, scope).findings():
                if (finding.rule.id, finding.line) not in seen:
                    seen.add((finding.rule.id, finding.line))
                    yield finding


class _Scope:
    def __init__(self, project: Project, module: Module, scope: ast.AST) -> None:
        self._project = project
        self._module = module
        self._nodes = module.index.nodes[id(scope)]
        self._local: Mapping[str, ast.expr] = local_constants(self._nodes)
        self._constants = Evaluator(project, module, self._local)
        self._is_function = scope is not module.tree
        self._parameters = {node.arg for node in self._nodes if isinstance(node, ast.arg)}

    def findings(self) -> Iterator[Finding]:
        # What a function gives a name of its own is found where it calls that name.
        called = {id(node) for node in self._local.values()} if self._is_function else set()
        for node in self._nodes:
            if isinstance(node, ast.Call):
                called.add(id(node.func))
                yield from self._call(node)
            elif isinstance(node, ast.Attribute) and node.attr in _CLIMBS:
                yield self._module.finding("dynamic-code", node, f"{node.attr} leads to all that Python has")
        for node in self._nodes:
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in called:
                name = self.name(node)
                if name in _HANDED_ON:
                    rule_id = self._rule_of(name) or "process-spawning"
                    yield self._module.finding(rule_id, node, f"{name} is handed on, to be called where nobody sees it")

    def _call(self, node: ast.Call) -> Iterator[Finding]:
        name = self.name(node.func)
        rule_id = self._rule_of(name)
        if rule_id == "dynamic-code" and not self._makes_code(name, node):
            return
        if rule_id is not None:
            yield self._module.finding(rule_id, node, _WORDS[rule_id].format(name=name))
        elif name in _IMPORTERS and node.args and self._constants.value(node.args[0]) is UNKNOWN:
            yield self._module.finding("dynamic-import", node, f"{name} loads a module whose name is made at run time")
        elif name in {"getattr", "vars"} and len(node.args) > 1:
            owner = self.name(node.args[0])
            if owner in _TABLES and self._constants.value(node.args[1]) is UNKNOWN:
                yield self._module.finding("dynamic-code", node, f"{name} takes from {owner} what a value names")

    def _rule_of(self, name: str) -> str | None:
        if name in _SHELLS or name.startswith(_SPAWNERS):
            return "process-spawning"
        if name in _DYNAMIC:
            return "dynamic-code"
        if name.startswith(_UNPICKLERS):
            return "unsafe-deserialisation"
        return "native-loading" if name.startswith(_NATIVE) else None

    def _makes_code(self, name: str, node: ast.Call) -> bool:
        """Return whether code is run that is not there to be read: text of plain values only is read here."""
        if not node.args:
            return bool(node.keywords)
        if name not in {"eval", "exec", "compile"}:
            return True
        return not all(_is_plain_code(text) for text in self._choices(node.args[0]))

    def _choices(self, node: ast.expr) -> list[object]:
        """Return what an expression may be: itself, one of two, or one of a table of constants."""
        value = self._constants.value(node)
        if value is not UNKNOWN:
            return [value]
        match node:
            case ast.IfExp(body=body, orelse=orelse):
                return [*self._choices(body), *self._choices(orelse)]
            case ast.Subscript(value=table, slice=ast.expr()):
                held = self._constants.value(table)
            case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[_]):
                held = self._constants.value(table)
            case ast.Name(id=name) if name in self._local and self._local[name] is not node:
                return self._choices(self._local[name])
            case _:
                return [UNKNOWN]
        if isinstance(held, dict):
            return list(held.values()) or [UNKNOWN]
        return list(held) if isinstance(held, list | tuple) and held else [UNKNOWN]

    def name(self, node: ast.expr, depth: int = 0) -> str:  # noqa: PLR0911 - one a form
        """Return the dotted name of what an expression comes to, however it is written; empty when it has none."""
        if depth > _DEEPEST:
            return ""
        match node:
            case ast.Name(id=name):
                if name in self._local:
                    return self.name(self._local[name], depth + 1)
                if name in self._parameters:
                    return ""
                return self._aliased(node, depth)
            case ast.Attribute(value=inner, attr=attr):
                owner = self.name(inner, depth + 1)
                return _tidy(self._project.resolve(f"{owner}.{attr}", self._module)) if owner else ""
            case ast.Subscript(value=inner, slice=key):
                return self._of_table(inner, self._constants.value(key), depth)
            case ast.Call():
                return self._of_call(node, depth)
            case ast.NamedExpr(value=value):
                return self.name(value, depth + 1)
        return ""

    def _aliased(self, node: ast.Name, depth: int) -> str:
        name = self._project.name_of(self._module, node)
        place = self._project.split(name, self._module)
        module, last = (self._module, node.id) if place is None else place
        if (place is not None or "." not in name) and last in module.constants:
            inner = module.constants[last]
            if isinstance(inner, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
                found = _Outer(self._project, module).name(inner, depth + 1)
                return found or _tidy(name)
        return _tidy(name)

    def _of_table(self, inner: ast.expr, key: object, depth: int) -> str:
        """Return what is under a name in the table of a module's names."""
        if not isinstance(key, str):
            return ""
        table = self.name(inner, depth + 1)
        if table == "sys.modules":
            return _tidy(key)
        for end in (".__dict__", "()"):
            if table.endswith(end):
                return _tidy(f"{table.removesuffix(end)}.{key}")
        if table in {"builtins", "__builtins__", "__dict__"}:
            return key
        if table in {"globals", "locals"}:
            return key
        return ""

    def _of_call(self, node: ast.Call, depth: int) -> str:
        called = self.name(node.func, depth + 1)
        if called == "getattr" and len(node.args) > 1:
            owner, key = self.name(node.args[0], depth + 1), self._constants.value(node.args[1])
            return _tidy(f"{owner}.{key}") if owner and isinstance(key, str) else ""
        if called in _IMPORTERS and node.args:
            module = self._constants.value(node.args[0])
            return _tidy(module.split(".")[0] if called == "__import__" else module) if isinstance(module, str) else ""
        if called == "vars" and node.args:
            return f"{self.name(node.args[0], depth + 1)}()"
        if called in {"globals", "locals"}:
            return called
        if called.endswith((".__getattribute__", ".__dict__.get")) and node.args:
            key = self._constants.value(node.args[0])
            return (
                _tidy(f"{called.rpartition('.__')[0]}.{key}".replace(".__dict__", "")) if isinstance(key, str) else ""
            )
        return ""


def _is_plain_code(text: object) -> bool:
    """Return whether a text can be read here for what it does: plain values and names, nothing that calls anything."""
    if not isinstance(text, str):
        return False
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calling = ast.Call | ast.Attribute | ast.Import | ast.ImportFrom
    return not any(isinstance(inner, calling) for inner in ast.walk(tree))


class _Outer(_Scope):
    """The top of another module, for the names behind its names."""

    def __init__(self, project: Project, module: Module) -> None:
        self._project = project
        self._module = module
        self._nodes = []
        self._local = {}
        self._constants = Evaluator(project, module)
        self._is_function = False
        self._parameters = set()


def _tidy(name: str) -> str:
    name = name.removeprefix("builtins.").removeprefix("__builtins__.")
    first, dot, rest = name.partition(".")
    return f"{_SAME.get(first, first)}{dot}{rest}"


_WORDS = {
    "process-spawning": "{name} starts another program",
    "dynamic-code": "{name} runs code that is made at run time",
    "unsafe-deserialisation": "{name} runs what the data says",
    "native-loading": "{name} calls native code",
}
