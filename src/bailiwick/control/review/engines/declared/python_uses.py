"""What Python code uses outside itself: addresses however they are put together, clients, variables, files, doors."""

import ast
import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bailiwick.control.review.engines.declared.addresses import DATABASES, HOLE, address_in, is_outside
from bailiwick.control.review.engines.declared.clients import CLIENTS, MODELS, SERVICES, Client
from bailiwick.control.review.engines.declared.model import Kind, Use
from bailiwick.control.review.engines.declared.programs import STARTERS, started
from bailiwick.control.review.engines.python.constants import UNKNOWN, Evaluator, local_constants
from bailiwick.control.review.engines.python.project import Module, Project

_DEEPEST = 40
_LONGEST = 4000
# Keywords, keys and functions whose addresses are shown to people and called by nobody here.
_SHOWN = re.compile(
    r"(?i)^__\w+__$|(^|_)(href|spec|references?|issues?|bugs?|link|homepage|website|docs?|help|support|terms|privacy|licen[cs]e|contact|about|namespace|ns|"
    r"xmlns|schema|issuer|audience|aud|iss|origins?|referer|title|description|message|text|label|placeholder|"
    r"see|info|documentation|copyright|credits?|source_code|external_?docs)(_url|_uri|s)?$"
)
_SHOWING = re.compile(r"(?i)(^|\.)(redirect|RedirectResponse|HttpResponseRedirect|print|markdown|link_button|page_link|"
                      r"warning|info|debug|error|exception|critical|log|startswith|endswith|register_namespace|"
                      r"set_page_config|a|link)$")  # fmt: skip
_ENVIRONMENT = frozenset({"os.environ.get", "os.getenv", "os.environ.pop", "os.environ.setdefault"})
_TEXTS = (ast.Constant, ast.JoinedStr, ast.BinOp)
_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "base64.b64decode": base64.b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "base64.b32decode": base64.b32decode,
    "binascii.a2b_base64": base64.b64decode,
    "binascii.unhexlify": binascii.unhexlify,
    "bytes.fromhex": lambda given: bytes.fromhex(given.decode()),
}
# What is caught, or suppressed, when a variable is not there.
_MISSING = ("'KeyError'", "'LookupError'", "Exception")
_LOOKED_AT = (ast.Import, ast.ImportFrom, ast.Compare, ast.Subscript, ast.Call, ast.Try, ast.With)
_OPENS = frozenset({
    "open", "io.open", "os.open", "codecs.open", "aiofiles.open", "gzip.open", "bz2.open", "lzma.open",
    "shutil.copy", "shutil.copyfile", "shutil.move", "os.remove", "os.unlink", "os.listdir", "os.scandir",
    "os.mkdir", "os.makedirs", "os.rename", "sqlite3.connect", "os.chmod", "tarfile.open", "zipfile.ZipFile",
    "pandas.read_csv", "pandas.read_excel", "pandas.read_parquet",
})  # fmt: skip
_CHANGES = frozenset({"shutil.move", "os.remove", "os.unlink", "os.mkdir", "os.makedirs", "os.rename", "os.chmod"})
_PATH_READS = frozenset({
    "read_text", "read_bytes", "open", "iterdir", "glob", "rglob", "stat", "exists",
})  # fmt: skip
_PATH_WRITES = frozenset({
    "write_text", "write_bytes", "mkdir", "unlink", "touch", "rmdir", "rename", "chmod", "symlink_to",
})  # fmt: skip
_FETCHES = frozenset({
    "get", "post", "put", "patch", "delete", "head", "request", "urlopen", "urlretrieve", "stream", "ws_connect",
    "Client", "AsyncClient", "ClientSession", "Request", "connect", "read_csv",
})  # fmt: skip
_LISTENERS = frozenset({
    "http.server.HTTPServer", "http.server.ThreadingHTTPServer", "socketserver.TCPServer",
    "socketserver.ThreadingTCPServer", "socketserver.UDPServer", "asyncio.start_server",
    "asyncio.start_unix_server", "grpc.server", "xmlrpc.server.SimpleXMLRPCServer",
})  # fmt: skip


def uses(project: Project, module: Module) -> Iterator[Use]:
    """Yield what a module uses outside itself."""
    reader = _Reader(project, module)
    nodes = [node for own in module.index.nodes.values() for node in own if isinstance(node, _LOOKED_AT)]
    asked, lines = _asked_for(project, module, nodes)
    for scope in [*module.index.scopes, *module.index.classes]:
        for use in reader.scope(scope):
            excused = use.kind == "variable" and (use.what in asked or use.line in lines)
            yield replace(use, sure=False) if excused else use
    yield from reader.imports(nodes)


def _asked_for(project: Project, module: Module, nodes: Sequence[ast.AST]) -> tuple[set[str], set[int]]:
    """Return the variables that a module looks for or sets before it takes them, and lines that go on without one."""
    names: set[str] = set()
    lines: set[int] = set()
    for node in nodes:
        match node:
            case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()], comparators=[where]):
                if project.name_of(module, where) == "os.environ":
                    names.add(name)
            case ast.Subscript(value=where, slice=ast.Constant(value=str(name)), ctx=ast.Store()):
                if project.name_of(module, where) == "os.environ":
                    names.add(name)
            case ast.Call(func=called, args=[ast.Constant(value=str(name)), *_]):
                if project.name_of(module, called) in _ENVIRONMENT:
                    names.add(name)
            case ast.Try(body=body, handlers=handlers):
                caught = " ".join(ast.dump(item.type) if item.type else "Exception" for item in handlers)
                if any(word in caught for word in _MISSING):
                    lines |= {
                        inner.lineno for item in body for inner in ast.walk(item) if isinstance(inner, ast.Subscript)
                    }
            case ast.With(items=items, body=body) if any(word in ast.dump(items[0]) for word in _MISSING):
                lines |= {inner.lineno for item in body for inner in ast.walk(item) if isinstance(inner, ast.Subscript)}
    return names, lines


class _Reader:
    """Reads one module: expressions are worth what they fold to, parts that are not known become holes."""

    def __init__(self, project: Project, module: Module) -> None:
        self._project = project
        self._module = module
        self._values = Evaluator(project, module)

    def scope(self, scope: ast.AST) -> Iterator[Use]:
        nodes = self._module.index.nodes[id(scope)]
        self._local = local_constants(nodes)
        self._values = Evaluator(self._project, self._module, self._local)
        skipped: set[ast.AST] = set()
        for node in nodes:
            # Nodes come from the outside in: what an outer one was read as, or hides, is not read again.
            if node in skipped:
                skipped |= set(ast.iter_child_nodes(node))
                continue
            if _is_remark(node) or _is_own_run(node):
                skipped |= set(ast.iter_child_nodes(node))
            elif isinstance(node, ast.Call):
                yield from self._call(node)
                skipped |= _not_called(node)
            elif isinstance(node, ast.Subscript):
                yield from self._subscript(node)
            elif isinstance(node, ast.Dict):
                skipped |= {value for key, value in zip(node.keys, node.values, strict=True) if _shown_key(key)}
            elif isinstance(node, ast.Compare | ast.JoinedStr):
                skipped |= set(ast.iter_child_nodes(node)) if isinstance(node, ast.Compare) else set()
            if isinstance(node, ast.Assign | ast.AnnAssign) and _shown_target(node) and isinstance(node.value, _TEXTS):
                skipped.add(node.value)
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call | ast.Subscript):
                found = self._address(node)
                if found is not None:
                    yield found
                    skipped |= set(ast.iter_child_nodes(node))

    def imports(self, nodes: Sequence[ast.AST]) -> Iterator[Use]:
        for node in nodes:
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                if self._project.split(name.partition(".")[0], self._module) is not None:
                    continue
                service = SERVICES.get(name.partition(".")[0])
                if any(name == known or name.startswith(f"{known}.") for known in MODELS):
                    yield self._use("model", name.partition(".")[0], node)
                elif service is not None:
                    yield self._use("host", f"{service}:443", node)

    def _use(self, kind: Kind, what: str, node: ast.AST, *, sure: bool = True, writes: bool = False) -> Use:
        line = getattr(node, "lineno", 0)
        return Use(kind, what, self._module.path, line, self._module.excerpt(line).strip()[:200], 0, sure, writes)

    def _address(self, node: ast.expr) -> Use | None:
        found = address_in(self._text(node))
        if found is None:
            return None
        scheme, host, port = found
        return self._use("database" if scheme in DATABASES else "host", f"{host}:{port}", node)

    def _text(self, node: ast.expr, depth: int = 0) -> str:  # noqa: PLR0911 - one a form
        """Return the text of an expression with a hole for each part that is not known; a hole alone if it is none."""
        if depth > _DEEPEST:
            return HOLE
        value = self._values.value(node)
        if value is not UNKNOWN:
            return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else HOLE
        match node:
            case ast.JoinedStr(values=parts):
                return "".join(self._text(part, depth + 1) for part in parts)[:_LONGEST]
            case ast.FormattedValue(value=inner):
                return self._text(inner, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return (self._text(left, depth + 1) + self._text(right, depth + 1))[:_LONGEST]
            case ast.BinOp(left=left, op=ast.Mod()):
                return re.sub(r"%[sdrif]|%\(\w+\)[sd]", HOLE, self._text(left, depth + 1))
            case ast.Name(id=name) if name in self._local:
                return self._text(self._local[name], depth + 1)
            case ast.Call(func=ast.Attribute(value=inner, attr="format"), args=args):
                given = iter([self._text(item, depth + 1) for item in args])
                return re.sub(r"\{[^}]*\}", lambda _: next(given, HOLE), self._text(inner, depth + 1))
            case ast.Call(args=[first, *_]) if self._name(node).endswith(("urljoin", "URL", "yarl.URL", "str")):
                return self._text(first, depth + 1)
            case ast.Call(args=[first, *_]) if self._name(node) in _DECODERS:
                return _decoded(self._values.value(first), _DECODERS[self._name(node)])
            case ast.Call(func=ast.Attribute(value=inner, attr="strip" | "rstrip" | "lower" | "lstrip" | "decode")):
                return self._text(inner, depth + 1)
        return HOLE

    def _name(self, node: ast.Call) -> str:
        return self._project.name_of(self._module, node.func)

    def _subscript(self, node: ast.Subscript) -> Iterator[Use]:
        name = self._project.name_of(self._module, node.value)
        key = self._values.value(node.slice)
        if name == "os.environ" and isinstance(key, str) and isinstance(node.ctx, ast.Load):
            yield self._use("variable", key, node)

    def _call(self, node: ast.Call) -> Iterator[Use]:
        name = self._name(node)
        if name in _ENVIRONMENT and node.args:
            key = self._values.value(node.args[0])
            if isinstance(key, str):
                yield self._use("variable", key, node, sure=False)
        elif name in CLIENTS:
            yield from self._client(node, CLIENTS[name])
        elif name in STARTERS:
            constants = {**self._module.constants, **self._local}
            found = started(node, STARTERS[name], self._text, constants)
            if found:
                yield self._use("program", ", ".join(found), node)
        elif name in _LISTENERS:
            yield self._use("listener", name, node)
        elif name in _OPENS:
            yield from self._file(node, name)
        elif isinstance(node.func, ast.Attribute):
            yield from self._method(node, node.func)
        if _last_name(node) in _FETCHES:
            yield from self._fetched(node)

    def _fetched(self, node: ast.Call) -> Iterator[Use]:
        """Yield the address that a call to fetch something names, whatever its variable is called."""
        named = [item.value for item in node.keywords if item.arg in {"url", "base_url", "uri", "endpoint"}]
        for argument in [*node.args[:2], *named]:
            found = self._address(argument) if isinstance(argument, ast.Name | ast.Attribute) else None
            if found is not None:
                yield found

    def _client(self, node: ast.Call, client: Client) -> Iterator[Use]:
        given = next((item.value for item in node.keywords if item.arg in client.keywords), None)
        if given is None and len(node.args) > client.place:
            given = node.args[client.place]
        port = next((self._values.value(item.value) for item in node.keywords if item.arg == "port"), UNKNOWN)
        if port is UNKNOWN and len(node.args) > client.place + 1:
            port = self._values.value(node.args[client.place + 1])
        for host, said in self._hosts(given):
            number = said or (port if isinstance(port, int) and 0 < port < 2**16 else client.port)
            yield self._use("database" if client.database else "host", f"{host}:{number or 443}", node)
        if client.database and node.args and client.place:
            found = re.search(r"\bhost(?:addr)?\s*=\s*'?([^\s'\0]+)", self._text(node.args[0]))
            if found and is_outside(found[1]):
                yield self._use("database", f"{found[1]}:{client.port}", node)

    def _hosts(self, given: ast.expr | None) -> Iterator[tuple[str, int]]:
        """Yield the hosts that an argument names, each with its port or 0: `host`, `host:port`, (host, port), lists."""
        if isinstance(given, ast.Tuple) and len(given.elts) == 2:  # noqa: PLR2004 - an address
            port = self._values.value(given.elts[1])
            for host, _ in self._hosts(given.elts[0]):
                yield host, port if isinstance(port, int) else 0
            return
        for item in given.elts if isinstance(given, ast.List) else [given] if given is not None else []:
            text = self._text(item)
            host, _, port = text.partition(":")
            if "://" not in text and "/" not in text and HOLE not in host and is_outside(host):
                yield host.lower(), int(port) if port.isdigit() else 0

    def _method(self, node: ast.Call, called: ast.Attribute) -> Iterator[Use]:
        if called.attr in {"connect", "connect_ex"} and node.args and isinstance(node.args[0], ast.Tuple):
            for host, port in self._hosts(node.args[0]):
                yield self._use("host", f"{host}:{port or 443}", node)
        elif called.attr == "connect" and node.args and self._is_made_by(called.value, "paramiko.SSHClient"):
            for host, port in self._hosts(node.args[0]):
                yield self._use("host", f"{host}:{port or 22}", node)
        elif called.attr == "listen" and self._is_made_by(called.value, "socket.socket"):
            yield self._use("listener", "socket.listen", node)
        elif called.attr in _PATH_READS | _PATH_WRITES and isinstance(called.value, ast.Call | ast.BinOp | ast.Name):
            text = self._path(called.value)
            if text:
                mode = self._text(node.args[0]) if called.attr == "open" and node.args else ""
                yield self._use("file", text, node, writes=called.attr in _PATH_WRITES or _writes(mode))

    def _is_made_by(self, node: ast.expr, name: str) -> bool:
        made = self._local.get(node.id) if isinstance(node, ast.Name) else node
        return isinstance(made, ast.Call) and self._name(made) == name

    def _path(self, node: ast.expr, depth: int = 0) -> str:  # noqa: PLR0911 - one a form
        """Return the path that a `pathlib` expression stands for, as far as it is known; empty when it is none."""
        if depth > _DEEPEST:
            return ""
        match node:
            case ast.Call(args=[first, *_]) if self._name(node) in {"pathlib.Path", "pathlib.PosixPath"}:
                return self._text(first)
            case ast.Call() if self._name(node) == "pathlib.Path.home":
                return "~"
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                start = self._path(left, depth + 1)
                return f"{start}/{self._text(right)}" if start else ""
            case ast.Name(id=name) if name in self._local or name in self._module.constants:
                return self._path(self._local.get(name) or self._module.constants[name], depth + 1)
            case ast.Call(func=ast.Attribute(value=inner, attr="expanduser" | "resolve" | "absolute")):
                return self._path(inner, depth + 1)
        return ""

    def _file(self, node: ast.Call, name: str) -> Iterator[Use]:
        mode = node.args[1] if len(node.args) > 1 else None
        mode = next((item.value for item in node.keywords if item.arg == "mode"), mode)
        writes = name in _CHANGES or (mode is not None and name.endswith("open") and _writes(self._text(mode)))
        copies = name in {"shutil.copy", "shutil.copyfile", "shutil.move", "os.rename"}
        for place, argument in enumerate(node.args[: 2 if copies else 1]):
            text = self._text(argument)
            if isinstance(argument, ast.Call) and self._name(argument) in {"os.path.expanduser", "os.path.join"}:
                text = self._text(argument.args[0]) if argument.args else ""
            if text and text != HOLE:
                yield self._use("file", text, node, writes=writes or (copies and place == 1))


def _decoded(value: object, decoder: Callable[[bytes], bytes]) -> str:
    """Return the text that a constant hides in an encoding; a hole when it hides none."""
    given = value.encode() if isinstance(value, str) else value
    try:
        return decoder(given).decode() if isinstance(given, bytes) else HOLE
    except ValueError:
        return HOLE


def _writes(mode: str) -> bool:
    return bool(set(mode) & set("wax+")) and len(mode) <= 4  # noqa: PLR2004 - as long as a mode may be


def _is_remark(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_own_run(node: ast.AST) -> bool:
    """Return whether a node is `if __name__ == "__main__":`, which the platform never runs."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and "__name__" in ast.dump(node.test.left)


def _shown_key(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and isinstance(key.value, str) and bool(_SHOWN.search(key.value))


def _shown_target(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(item, ast.Name) and _SHOWN.search(item.id) is not None for item in targets)


def _not_called(node: ast.Call) -> set[ast.AST]:
    """Return the arguments of a call that are shown to people: by their keyword, or all by what is called."""
    if _SHOWING.search(_last_name(node)):
        return {*node.args, *(item.value for item in node.keywords)}
    return {item.value for item in node.keywords if item.arg and _SHOWN.search(item.arg)}


def _last_name(node: ast.Call) -> str:
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
