import functools
from typing import Any

import pytest

from bailiwick.dataplane.instrumentation.launcher import interface_of, traced_wsgi


async def asgi3(scope: Any, receive: Any, send: Any) -> None: ...


def asgi3_that_returns_a_coroutine(scope: Any, receive: Any, send: Any) -> Any:
    return asgi3(scope, receive, send)


def asgi2(scope: Any) -> Any: ...


def wsgi(environ: Any, start_response: Any) -> Any: ...


def wsgi_with_an_option(environ: Any, start_response: Any, debug: bool = False) -> Any: ...


class Asgi3:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Asgi2:
    def __init__(self, scope: Any) -> None: ...

    async def __call__(self, receive: Any, send: Any) -> None: ...


class Wsgi:
    def __call__(self, environ: Any, start_response: Any) -> Any: ...


class WsgiClass:
    def __init__(self, environ: Any, start_response: Any) -> None: ...

    def __iter__(self) -> Any: ...


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("app", "interface"),
    [
        (asgi3, "asgi3"),
        (asgi3_that_returns_a_coroutine, "asgi3"),
        (Asgi3(), "asgi3"),
        (functools.partial(asgi3), "asgi3"),
        (asgi2, "asgi2"),
        (Asgi2, "asgi2"),
        (wsgi, "wsgi"),
        (wsgi_with_an_option, "wsgi"),
        (functools.partial(wsgi_with_an_option, debug=True), "wsgi"),
        (Wsgi(), "wsgi"),
        (WsgiClass, "wsgi"),
    ],
)
def test_an_app_is_known_by_its_nature(app: Any, interface: str) -> None:
    assert interface_of(app) == interface


class Answer:
    closed = False

    def __iter__(self) -> Any:
        yield b"one"
        raise RuntimeError("broken")

    def close(self) -> None:
        self.closed = True


def test_an_answer_is_closed_even_when_it_breaks() -> None:
    answer = Answer()
    with pytest.raises(RuntimeError):
        list(traced_wsgi(lambda environ, start_response: answer)({}, None))
    assert answer.closed
