"""Starts an app inside its sandbox, so that its calls carry the trace of the request that they are made for.

It runs from the sandbox with the app's own packages and can import nothing of Bailiwick. The trace id that the router
gives each request is kept in a context variable; statements of psycopg (SQLAlchemy's too) get it as a comment in the
form of sqlcommenter, HTTP calls through a gateway that reads them as a header, and mail as a parameter, from which it
knows whose request they serve.
"""

import asyncio
import contextvars
import functools
import importlib
import inspect
import json
import os
import sys
import threading
import traceback
from typing import Any

_INGRESS_FD = 3
# Longer than the queue lets a worker wait for a message.
_QUEUE_SECONDS = 60.0
_TAKEN = frozenset({200, 204})
_READY_PATH = "/.bailiwick/ready"
# As host:port, what lies behind a gateway that reads requests and takes the trace off: models, plain HTTP.
_TRACED_HOSTS = frozenset(os.environ.get("BAILIWICK_TRACED_HOSTS", "").split())
# Mail servers behind a gateway that knows a parameter for the trace.
_MAIL_HOSTS = frozenset(os.environ.get("BAILIWICK_MAIL_HOSTS", "").split())
_TRACEPARENT = contextvars.ContextVar("traceparent", default="")


class Traced:
    """ASGI middleware: remembers the request's trace, and answers the plane's question whether the app is up."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request of the app."""
        if scope["type"] == "http" and scope["path"] == _READY_PATH:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["type"] in {"http", "websocket"}:
            _TRACEPARENT.set(dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1"))
        try:
            await self.app(scope, receive, send)
        except Exception as fault:
            _tell(fault, "a request")
            raise


def _tell(fault: BaseException, name: str) -> None:
    """Tell the plane of an exception: its type and place."""
    importlib.import_module("faults").tell(fault, _TRACEPARENT.get(), name)


class Marked:
    """A stream of text that puts the trace of the request before each line that is written for one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self._begins = True

    def write(self, text: str) -> int:
        """Write text; what a line has been begun with stays with it."""
        mark = _mark()
        with self._lock:
            for line in text.splitlines(keepends=True) if mark else [text] if text else []:
                self._stream.write(mark + line if self._begins else line)
                self._begins = line.endswith("\n")
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _mark() -> str:
    """Return what the plane knows the trace of a line by, and takes off (no text has a record separator, as a rule)."""
    parts = _TRACEPARENT.get().split("-")
    return f"\x1e{parts[1]}\x1e" if len(parts) > 1 else ""


def mark_lines() -> None:
    """Make what the app writes carry the trace, line by line."""
    sys.stdout, sys.stderr = Marked(sys.stdout), Marked(sys.stderr)


def _commented(query: Any) -> Any:
    """Return a query with the trace as a comment; composed SQL is left composed."""
    trace = _TRACEPARENT.get()
    if not trace:
        return query
    comment = f" /*traceparent='{trace}'*/"
    if isinstance(query, str):
        return query + comment
    if isinstance(query, bytes):
        return query + comment.encode()
    sql = importlib.import_module("psycopg.sql")
    return query + sql.SQL(comment) if isinstance(query, sql.Composable) else query


def _wrap(kind: Any, name: str) -> None:
    original = getattr(kind, name)

    @functools.wraps(original)
    def traced(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        return original(self, _commented(query), *arguments, **options)

    setattr(kind, name, traced)


def instrument_psycopg() -> None:
    """Make psycopg's cursors carry the trace, when the app has psycopg."""
    try:
        psycopg = importlib.import_module("psycopg")
    except ImportError:
        return
    for kind in (psycopg.Cursor, psycopg.AsyncCursor):
        for name in ("execute", "executemany", "stream"):
            _wrap(kind, name)


def instrument_http() -> None:
    """Make calls to gateways that read them carry the trace: those of http.client, and of httpx and httpx2 where the
    app has them. Nobody else is told it.
    """
    client = importlib.import_module("http.client").HTTPConnection
    end_headers = client.endheaders

    @functools.wraps(end_headers)
    def traced(self: Any, *arguments: Any, **options: Any) -> Any:
        if f"{self.host}:{self.port}" in _TRACED_HOSTS and _TRACEPARENT.get():
            self.putheader("traceparent", _TRACEPARENT.get())
        return end_headers(self, *arguments, **options)

    client.endheaders = traced
    for name in ("httpx", "httpx2"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        for kind in (module.Client, module.AsyncClient):
            _wrap_send(kind)


def instrument_mail() -> None:
    """Make messages that smtplib sends through a gateway carry the trace."""
    client = importlib.import_module("smtplib").SMTP
    original = client.mail

    @functools.wraps(original)
    def traced(self: Any, sender: Any, options: Any = ()) -> Any:
        if self._host in _MAIL_HOSTS and _TRACEPARENT.get() and self.has_extn("xtrace"):
            options = [*options, f"XTRACE={_TRACEPARENT.get()}"]
        return original(self, sender, options)

    client.mail = traced


def _address(url: Any) -> str:
    return f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"


def _wrap_send(kind: Any) -> None:
    original = kind.send

    @functools.wraps(original)
    def traced(self: Any, request: Any, *arguments: Any, **options: Any) -> Any:
        if _address(request.url) in _TRACED_HOSTS and _TRACEPARENT.get():
            request.headers["traceparent"] = _TRACEPARENT.get()
        return original(self, request, *arguments, **options)

    kind.send = traced


def load(entrypoint: str) -> Any:
    """Return the object that an entrypoint `module:name` names."""
    module, _, name = entrypoint.partition(":")
    return getattr(importlib.import_module(module), name)


def interface_of(app: Any) -> str:
    """Return which interface a web application has: `asgi3`, `asgi2` or `wsgi`.

    Told by its nature first and then by how many arguments it takes: ASGI 2 one (the scope), WSGI (PEP 3333) two.
    """
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004
        return "asgi2" if inspect.isclass(app) else "asgi3"
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return "asgi3"
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = sum(item.kind in kinds and item.default is item.empty for item in parameters)
    return {1: "asgi2", 2: "wsgi"}.get(needed, "asgi3")


def traced_wsgi(app: Any) -> Any:
    """Return a WSGI application that remembers the request's trace in the thread that serves it, and closes answers."""

    def call(environ: Any, start_response: Any) -> Any:
        # Worker threads do not see the context in which the request came in, so the trace is read from its header.
        _TRACEPARENT.set(environ.get("HTTP_TRACEPARENT", ""))
        # On a Unix socket there is neither; PEP 3333 wants both as text.
        environ["SERVER_NAME"], environ["SERVER_PORT"] = "app", "80"
        answer = app(environ, start_response)
        try:
            yield from answer
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()

    return call


def as_asgi(app: Any) -> Any:
    """Return an application of any interface as one that is called with scope, receive and send."""
    interface = interface_of(app)
    if interface == "wsgi":
        return importlib.import_module("uvicorn.middleware.wsgi").WSGIMiddleware(traced_wsgi(app))
    if interface == "asgi2":
        return importlib.import_module("uvicorn.middleware.asgi2").ASGI2Middleware(app)
    return app


def serve(entrypoint: str) -> None:
    """Serve a web application on the socket that the plane handed in."""
    try:
        uvicorn = importlib.import_module("uvicorn")
    except ImportError:
        sys.exit("the app's requirements.lock has no uvicorn, which serves web apps")
    app = Traced(as_asgi(load(entrypoint)))
    config = uvicorn.Config(
        app,
        fd=_INGRESS_FD,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run()


def run(entrypoint: str) -> None:
    """Run a job once."""
    try:
        result = load(entrypoint)()
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except Exception as fault:
        _tell(fault, "a job")
        importlib.import_module("faults").wait()
        raise


def work(entrypoint: str) -> None:
    """Call a function for each message of the worker's queue, several at once in threads, without end."""
    handle = load(entrypoint)
    count = int(os.environ["BAILIWICK_CONCURRENCY"])
    threads = [threading.Thread(target=_handle_messages, args=[handle]) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _handle_messages(handle: Any) -> None:
    client = importlib.import_module("http.client")
    address = os.environ["BAILIWICK_QUEUE_URL"].partition("//")[2]
    try:
        while True:
            connection = client.HTTPConnection(address, timeout=_QUEUE_SECONDS)
            taken = _asked(connection, "/-/next", b"")
            if taken:
                done = _handled(handle, json.loads(taken))
                _asked(client.HTTPConnection(address, timeout=_QUEUE_SECONDS), "/-/done", json.dumps(done).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        # A worker with fewer threads than it should have is no use: the plane starts one anew that ended.
        sys.stdout.flush()
        os._exit(1)


def _asked(connection: Any, path: str, body: bytes) -> bytes:
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        said: bytes = answer.read()
    finally:
        connection.close()
    if answer.status not in _TAKEN:
        raise ConnectionError(f"the queue answers {answer.status}: {said[:200].decode(errors='replace')}")
    return said


def _handled(handle: Any, taken: Any) -> Any:
    """Handle a message under its own trace; return what to say of it."""
    _TRACEPARENT.set(taken["traceparent"])
    try:
        result = handle(taken["message"])
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except Exception as fault:
        _tell(fault, "a message")
        traceback.print_exc()
        return {"id": taken["id"], "failed": f"{type(fault).__name__}: {fault}"[:300]}
    finally:
        _TRACEPARENT.set("")
    return {"id": taken["id"]}


def main() -> None:
    """Start what the plane asks for: `serve`, `run` or `work`, an entrypoint, and the capabilities that are open."""
    kind, entrypoint, *opened = sys.argv[1:]
    if "process-spawning" not in opened:
        restraint = importlib.import_module("restraint")  # beside this file; before any code of the app
        restraint.start_no_programs()
        restraint.tell_of_programs()
    faults = importlib.import_module("faults")  # beside this file; before the app's own files are found
    sys.path[:0] = ["/app", "/layer"]
    os.chdir("/app")
    mark_lines()
    faults.tell_of_logged(_TRACEPARENT.get)
    faults.start_exporters()
    instrument_psycopg()
    if _TRACED_HOSTS:  # others start without loading this
        instrument_http()
    if _MAIL_HOSTS:
        instrument_mail()
    {"serve": serve, "run": run, "work": work}[kind](entrypoint)


if __name__ == "__main__":
    main()
