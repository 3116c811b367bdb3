"""Files: names that can be foretold, rights for everybody, archives that climb out, checks before use, uploads."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.mending import with_arguments
from bailiwick.control.review.engines.python.patterns.naming import label, labels, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_SHARED = re.compile(r"^/(?:var/)?tmp/|^/dev/shm/")
_SHARED_FOLDERS = frozenset({"/tmp", "/var/tmp"})  # noqa: S108 - what is looked for
_EVERYBODY_WRITES = 0o002
_OLD_NAMES = frozenset({"tempfile.mktemp", "os.tempnam", "os.tmpnam"})
_WRITING = re.compile(r"[wax+]")


def temporary(view: View, call: ast.Call) -> Iterator[Finding]:
    """A temporary file whose name somebody else can have taken first."""
    name, last = view.name(call.func), view.last(call.func)
    if name in _OLD_NAMES:
        yield view.finding(
            "insecure-temporary-file", call, f"{last} gives a name that somebody else can take before you"
        )
        return
    target: ast.expr | None = None
    if name in {"open", "io.open", "codecs.open", "aiofiles.open"}:
        mode = view.texts(view.argument(call, 1, "mode"))
        target = view.argument(call, 0, "file") if any(_WRITING.search(one) for one in mode) else None
    elif last in {"write_text", "write_bytes"} and isinstance(call.func, ast.Attribute):
        target = _path_of(view, call.func.value)
    if target is not None and _shared(view, target):
        yield view.finding(
            "insecure-temporary-file", call, "a file with a known name in a shared folder is written", worse=-1
        )


def _path_of(view: View, node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.Name):
        return next((_path_of(view, value) for value in view.reaching(node) if value is not None), None)
    if isinstance(node, ast.Call) and view.name(node.func) in {"pathlib.Path", "Path"} and node.args:
        return node.args[0]
    return node


def _shared(view: View, node: ast.expr, depth: int = 0) -> bool:
    """Return whether a path is in a folder for everybody, under a name without anything random in it."""
    if depth > 3:
        return False
    if any(_SHARED.match(text) for text in view.texts(node)):
        return True
    if any(
        {"uuid", "uuid4", "token", "hex", "random", "mkdtemp", "pid", "secrets"} & set(parts(name))
        for name in _names(node)
    ):
        return False
    if isinstance(node, ast.Name):
        return any(value is not None and _shared(view, value, depth + 1) for value in view.reaching(node))
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        return bool(_SHARED.match(str(node.values[0].value)))
    if isinstance(node, ast.BinOp):
        return _shared(view, node.left, depth + 1) or any(text in _SHARED_FOLDERS for text in view.texts(node.left))
    if isinstance(node, ast.Call) and node.args and view.name(node.func) in {"os.path.join", "pathlib.Path"}:
        first = node.args[0]
        return any(text.rstrip("/") in _SHARED_FOLDERS for text in view.texts(first)) or (
            isinstance(first, ast.Call) and view.name(first.func) == "tempfile.gettempdir"
        )
    return False


def _names(node: ast.AST) -> set[str]:
    return labels(node) | {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute)}


def rights(view: View, call: ast.Call) -> Iterator[Finding]:
    """Rights for everybody."""
    name, last = view.name(call.func), view.last(call.func)
    if name == "os.umask":
        if view.may_be(view.argument(call, 0, "mask"), 0):
            yield view.finding(
                "loose-permissions", call, "everything that is made from here on may be changed by everybody"
            )
        return
    places: dict[str, int | None] = {
        "chmod": 1,
        "fchmod": 1,
        "lchmod": 1,
        "mkdir": 1,
        "makedirs": 1,
        "mkfifo": 1,
        "open": 2,
    }
    if last not in places or (last == "open" and name != "os.open"):
        return
    place = places[last]
    if last == "chmod" and not name.startswith("os."):
        place = 0
    if last == "mkdir" and not name.startswith("os."):
        place = 0
    mode = view.argument(call, place, "mode")
    if mode is None or label(mode) == "exist_ok":
        return
    given = [value for value in view.values(mode) if isinstance(value, int) and not isinstance(value, bool)]
    named = any(isinstance(item, ast.Attribute) and item.attr in {"S_IRWXO", "S_IWOTH"} for item in ast.walk(mode))
    if any(value & _EVERYBODY_WRITES for value in given) or (named and not isinstance(mode, ast.UnaryOp)):
        shown = f"{given[0]:o}" if given else "this mode"
        yield view.finding("loose-permissions", call, f"with {shown} everybody on the machine may change it")


def unpacking(view: View, call: ast.Call) -> Iterator[Finding]:
    """A tar that is unpacked as it says itself."""
    name, last = view.name(call.func), view.last(call.func)
    if name == "shutil.unpack_archive":
        if view.argument(call, 3, "filter") is None and not _is_zip(view, call):
            yield view.finding("archive-slip", call, "an archive's entries are written where they say")
        return
    if not isinstance(call.func, ast.Attribute):
        return
    made = view.made_by(call.func.value)
    if not made.startswith("tarfile."):
        return
    given = view.argument(call, None, "filter")
    if given is not None:
        safe = view.texts(given)
        if "fully_trusted" in safe or view.name(given).endswith("fully_trusted_filter"):
            yield view.finding("archive-slip", call, "the archive's entries are trusted whatever they say")
        return
    if not _checked(view, call):
        words = f"{last} writes entries where they say; filter='data' refuses others"
        yield view.finding("archive-slip", call, words, edit=with_arguments(view, call, 'filter="data"'))


def _is_zip(view: View, call: ast.Call) -> bool:
    return view.may_be(view.argument(call, 2, "format"), "zip") or any(
        text.endswith(".zip") for text in view.texts(view.argument(call, 0, "filename"))
    )


_PATH_CHECKS = frozenset({
    "startswith", "is_relative_to", "commonpath", "commonprefix", "parts", "resolve", "abspath", "realpath", "isabs",
    "is_absolute",
})  # fmt: skip


def _checked(view: View, call: ast.Call) -> bool:
    """Return whether the names of the entries are looked at first."""
    members = view.argument(call, 1, "members")
    if members is not None and "getmembers" not in {
        view.last(node.func) for node in ast.walk(members) if isinstance(node, ast.Call)
    }:
        return True
    function = view.function(call) or view.tree
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.ListComp | ast.GeneratorExp):
            looked = {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute)}
            tests = any(isinstance(item, ast.If | ast.Compare | ast.IfExp) for item in ast.walk(node))
            if "name" in looked and tests and looked & _PATH_CHECKS:
                return True
    return any(
        isinstance(node, ast.Assign) and any(label(target) == "extraction_filter" for target in node.targets)
        for node in ast.walk(function)
    )


_CHECKS = frozenset({"os.path.exists", "os.path.isfile", "os.access", "os.path.lexists", "os.path.islink"})
_USES = frozenset({"open", "os.remove", "os.unlink", "os.rename", "shutil.move", "shutil.copy", "os.chmod", "os.open",
                   "os.rmdir", "os.symlink", "os.replace", "shutil.copyfile"})  # fmt: skip


def checked_then_used(view: View, node: ast.If) -> Iterator[Finding]:
    """A file that is asked about and then used: what it is can change in between."""
    for test in ast.walk(node.test):
        if not isinstance(test, ast.Call):
            continue
        name = view.name(test.func)
        path = test.args[0] if name in _CHECKS and test.args else None
        if (
            path is None
            and view.last(test.func) in {"exists", "is_file"}
            and isinstance(test.func, ast.Attribute)
            and not test.args
        ):
            path = test.func.value if "Path" in view.made_by(test.func.value) else None
        if path is None:
            continue
        shown = ast.dump(path)
        negated = isinstance(node.test, ast.UnaryOp)
        for used in (item for statement in node.body for item in ast.walk(statement) if isinstance(item, ast.Call)):
            same = bool(used.args) and view.name(used.func) in _USES and ast.dump(used.args[0]) == shown
            same = same or (
                isinstance(used.func, ast.Attribute)
                and used.func.attr in {"open", "unlink", "write_text", "write_bytes", "rename"}
                and ast.dump(used.func.value) == shown
            )
            if same:
                blocks = name == "os.access" or (negated and view.last(used.func) == "open" and _writes(view, used))
                yield view.finding(
                    "race-condition",
                    used,
                    "the file can be another one by now: it was only asked about before",
                    0 if blocks else -1,
                )
                return


def _writes(view: View, call: ast.Call) -> bool:
    return any("w" in mode for mode in view.texts(view.argument(call, 1, "mode")))


_LOOKED_AT = frozenset({
    "endswith", "splitext", "suffix", "rsplit", "content_type", "mimetype", "allowed_file", "from_buffer", "guess",
    "verify", "what", "suffixes", "guess_type", "file_validator", "from_file", "partition", "rpartition",
    "validate_file", "guess_mime", "is_allowed",
})  # fmt: skip


def upload(view: View, call: ast.Call) -> Iterator[Finding]:
    """A file from outside that is kept under the name that it came with, whatever it is."""
    last = view.last(call.func)
    target: ast.expr | None = None
    if last == "save" and isinstance(call.func, ast.Attribute) and _is_upload(view, call.func.value):
        target = view.argument(call, 0, "dst")
    elif view.name(call.func) in {"open", "aiofiles.open"}:
        mode = view.texts(view.argument(call, 1, "mode"))
        target = view.argument(call, 0, "file") if any("w" in one for one in mode) else None
    elif last in {"write_bytes"} and isinstance(call.func, ast.Attribute):
        target = call.func.value
    if target is None or not _named_by_sender(view, target, 0):
        return
    function = view.function(call)
    if function is None or _kind_checked(view, function):
        return
    yield view.finding("unrestricted-upload", call, "a file of any kind is kept under the name that its sender chose")


def _is_upload(view: View, node: ast.expr) -> bool:
    held = [item for item in view.reaching(node) if item is not None] if isinstance(node, ast.Name) else [node]
    return any(
        isinstance(part, ast.Attribute) and part.attr in {"files", "FILES"} for item in held for part in ast.walk(item)
    ) or "FileStorage" in view.made_by(node)


def _named_by_sender(view: View, node: ast.expr, depth: int) -> bool:
    if depth > 4:
        return False
    for item in ast.walk(node):
        if isinstance(item, ast.Attribute) and item.attr == "filename":
            return True
        if isinstance(item, ast.Attribute) and item.attr == "name" and _is_upload(view, item.value):
            return True
        if isinstance(item, ast.Name):
            if any(value is not None and _named_by_sender(view, value, depth + 1) for value in view.reaching(item)):
                return True
    return False


def _kind_checked(view: View, function: ast.AST) -> bool:
    """Return whether a function, or one that it calls, looks at what kind of file it is."""
    for node in ast.walk(function):
        name = view.last(node) if isinstance(node, ast.Attribute | ast.Name) else ""
        words = set(parts(name))
        if name in _LOOKED_AT or words & {"allowed", "extension", "extensions", "mime", "magic", "filetype"}:
            return True
        if isinstance(node, ast.Call):
            called = view.functions.get(view.name(node.func))
            if called is not None and called is not function and any(
                view.last(item) in _LOOKED_AT for item in ast.walk(called) if isinstance(item, ast.Attribute)
            ):  # fmt: skip
                return True
    return False


_ALL = frozenset({"0.0.0.0", "::", "[::]", ""})  # noqa: S104 - what is looked for


def every_interface(view: View, call: ast.Call) -> Iterator[Finding]:
    """A server that listens on every interface."""
    last = view.last(call.func)
    host = view.argument(call, None, "host", "bind", "address")
    if last == "bind" and call.args and isinstance(call.args[0], ast.Tuple) and call.args[0].elts:
        host = call.args[0].elts[0]
    elif (
        last in {"HTTPServer", "ThreadingHTTPServer", "TCPServer", "make_server", "run_simple", "create_server"}
        and call.args
    ):
        host = call.args[0].elts[0] if isinstance(call.args[0], ast.Tuple) and call.args[0].elts else call.args[0]
    if host is not None and any(text in _ALL and (text or last == "bind") for text in view.texts(host)):
        yield view.finding("binds-all-interfaces", call, "it listens on every interface of the machine")


WATCHES: tuple[Watch, ...] = (
    calls(temporary, "mktemp", "tempnam", "tmpnam", "open", "write_text", "write_bytes"),
    calls(rights, "chmod", "fchmod", "lchmod", "mkdir", "makedirs", "mkfifo", "open", "umask"),
    calls(unpacking, "extractall", "extract", "unpack_archive"),
    calls(upload, "save", "open", "write_bytes"),
    calls(every_interface, "run", "bind", "serve", "HTTPServer", "ThreadingHTTPServer", "TCPServer", "make_server",
          "run_simple", "create_server", "run_app", "Config", "start_server", "listen"),
    nodes(checked_then_used, ast.If),
)  # fmt: skip
