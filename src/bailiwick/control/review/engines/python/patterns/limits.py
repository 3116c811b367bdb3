"""Input without a limit: sizes that the sender chooses, bodies that are read whole, calls that wait for ever."""

import ast
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.definitions import defaults, parameters
from bailiwick.control.review.engines.python.patterns.mending import with_arguments
from bailiwick.control.review.engines.python.patterns.naming import label
from bailiwick.control.review.engines.python.patterns.outline import Function
from bailiwick.control.review.engines.python.patterns.routes import is_route, request_values
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding

_WAITING = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
_LIMITS = (
    "max_content_length", "content-length", "content_length", "max_size", "max_upload", "max_bytes", "max_file",
    "limit_bytes", "max_request", "upload_limit", "size_limit", "max_body", "max_form_memory_size", "data_upload_max",
)  # fmt: skip


def no_timeout(view: View, call: ast.Call) -> Iterator[Finding]:
    """A request that waits for ever."""
    name, last = view.name(call.func), view.last(call.func)
    waits = name.startswith("requests.") and name.count(".") == 1 and last in _WAITING
    if not waits and last in _WAITING and isinstance(call.func, ast.Attribute):
        waits = view.made_by(call.func.value) in {"requests.Session", "requests.session"}
    waits = waits or name == "urllib.request.urlopen"
    if not waits or view.spreads(call):
        if not (name.startswith("httpx.") and view.argument(call, None, "timeout") is not None):
            return
    given = view.argument(call, 2 if name == "urllib.request.urlopen" else None, "timeout")
    if (given is None and waits) or (given is not None and view.is_surely(given, None)):
        edit = with_arguments(view, call, "timeout=10") if given is None else None
        words = "the call waits for ever when the other side does not answer"
        yield view.finding("unbounded-input", call, words, worse=-1, edit=edit)


def sized_by_sender(view: View, call: ast.Call) -> Iterator[Finding]:
    """A loop, text or pause whose length the sender chooses."""
    name = view.name(call.func)
    sized = {"range": -1, "time.sleep": 0, "asyncio.sleep": 0, "bytes": 0, "bytearray": 0, "secrets.token_bytes": 0,
             "secrets.token_hex": 0, "secrets.token_urlsafe": 0, "os.urandom": 0, "math.factorial": 0,
             "itertools.repeat": 1, "numpy.zeros": 0, "numpy.ones": 0}  # fmt: skip
    if name not in sized or not call.args or (sized[name] == 1 and len(call.args) < 2):
        return
    size = call.args[sized[name]] if name != "range" or len(call.args) == 1 else call.args[1]
    if request_values(view, size, numbers_only=name in {"bytes", "bytearray"}) and not _bounded(view, call, size):
        yield view.finding("unbounded-input", call, f"who sends the request chooses how much {name} does")


def repeated_by_sender(view: View, node: ast.BinOp) -> Iterator[Finding]:
    """A text times a number from the request."""
    if not isinstance(node.op, ast.Mult | ast.Pow | ast.LShift):
        return
    for one, other in ((node.left, node.right), (node.right, node.left)):
        wide = isinstance(one, ast.List) or bool(view.texts(one)) or not isinstance(node.op, ast.Mult)
        if (wide and other is node.right) or (wide and isinstance(node.op, ast.Mult)):
            if request_values(view, other, numbers_only=True) and not _bounded(view, node, other):
                yield view.finding("unbounded-input", node, "who sends the request chooses how large this becomes")
                return


def _bounded(view: View, node: ast.AST, size: ast.expr) -> bool:
    """Return whether a number is compared with something, or cut down, on its way here."""
    if any(
        isinstance(item, ast.Call) and view.name(item.func) in {"min", "numpy.clip", "len"} for item in ast.walk(size)
    ):
        return True
    names = {item.id for item in ast.walk(size) if isinstance(item, ast.Name)}
    function = view.function(node)
    if function is None or not names:
        return False
    for name in names:
        argument = parameters(function).get(name)
        if argument is not None and _declares_bound(view, function, argument):
            return True
    for item in ast.walk(function):
        if isinstance(item, ast.Compare) and names & {part.id for part in ast.walk(item) if isinstance(part, ast.Name)}:
            return True
        if isinstance(item, ast.Assign) and any(label(target) in names for target in item.targets):
            if any(isinstance(part, ast.Call) and view.name(part.func) == "min" for part in ast.walk(item.value)):
                return True
    return False


def _declares_bound(view: View, function: Function, argument: ast.arg) -> bool:
    spoken = [item for item in (argument.annotation, defaults(function).get(argument.arg)) if item is not None]
    return any(
        (isinstance(part, ast.keyword) and part.arg in {"le", "lt"}) or view.last(part) in {"Literal", "conint"}
        for item in spoken
        for part in ast.walk(item)
    )  # fmt: skip


def read_whole(view: View, call: ast.Call) -> Iterator[Finding]:
    """An upload or body that is read into memory whatever its size."""
    if call.args or call.keywords or not isinstance(call.func, ast.Attribute):
        return
    made = view.made_by(call.func.value)
    last = call.func.attr
    upload = last == "read" and (made.endswith("UploadFile") or _of_request(view, call.func.value))
    body = last in {"body", "get_data"} and label(call.func.value) in {"request", "req"}
    if not (upload or body) or any(word in other.vocabulary.lower() for other in view.app.values() for word in _LIMITS):
        return
    function = view.function(call)
    if function is not None and any(
        isinstance(item, ast.Attribute) and item.attr == "size" for item in ast.walk(function)
    ):
        return
    yield view.finding("unbounded-input", call, "it is read into memory whatever its size", worse=-1)


def _of_request(view: View, node: ast.expr) -> bool:
    held = [item for item in view.reaching(node) if item is not None] if isinstance(node, ast.Name) else [node]
    return any(
        isinstance(part, ast.Attribute) and part.attr in {"files", "FILES"} and label(part.value) == "request"
        for item in held
        for part in ast.walk(item)
    )


def pages_without_end(view: View, node: Function) -> Iterator[Finding]:
    """A route that answers as many rows as are asked for."""
    if not is_route(view, node):
        return
    for name, argument in parameters(node).items():
        if name in {"limit", "page_size", "per_page", "size", "top"} and view.last(argument.annotation) == "int":
            default = defaults(node).get(name)
            if default is None or isinstance(default, ast.Constant) or not _declares_bound(view, node, argument):
                uses = [item for item in ast.walk(node) if isinstance(item, ast.Name) and item.id == name]
                if uses and not _bounded(view, node.body[0], uses[0]):
                    yield view.finding(
                        "unbounded-input", argument, f"{name} may be any number, so all rows can be asked for", worse=-1
                    )


WATCHES: tuple[Watch, ...] = (
    calls(no_timeout, *_WAITING, "urlopen", "stream", "Client", "AsyncClient"),
    calls(sized_by_sender, "range", "sleep", "bytes", "bytearray", "token_bytes", "token_hex", "token_urlsafe",
          "urandom", "factorial", "repeat", "zeros", "ones"),
    calls(read_whole, "read", "body", "get_data"),
    nodes(repeated_by_sender, ast.BinOp),
    nodes(pages_without_end, ast.FunctionDef, ast.AsyncFunctionDef),
)  # fmt: skip
