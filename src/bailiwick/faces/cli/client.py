"""The command line's way to the API, and how it says what came of it."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import httpx2
import typer

from bailiwick.faces.cli import credentials, oauth

DEFAULT_URL = "http://127.0.0.1:8400"
AGENT = {"User-Agent": "bailiwick"}
_PAGE = 200


def server_url() -> str:
    """Return where the control plane is: the environment, else the last login, else the demo."""
    return (os.environ.get("BAILIWICK_URL") or credentials.saved().get("url") or DEFAULT_URL).rstrip("/")


def token(audience: str = credentials.API, *, least_seconds: int = credentials.LEAST_SECONDS) -> str:
    """Return a token for a door that is good for so many seconds yet, or end with what to do."""
    given = os.environ.get("BAILIWICK_TOKEN", "")
    if given:
        return given
    server = server_url()
    with failing(server):
        held = credentials.access_token(server, audience, least_seconds=least_seconds)
    if held is None:
        fail({"title": f"you are not signed in at {server}", "hint": "bailiwick login"})
    return held.token


@contextlib.contextmanager
def failing(server: str) -> Iterator[None]:
    """End with what to do when a server refuses tokens or does not answer."""
    try:
        yield
    except oauth.RefusedError as fault:
        if fault.error == "invalid_grant":
            fail({"title": f"your sign-in at {server} has ended", "hint": "sign in again: bailiwick login"})
        fail({"title": fault.words})
    except oauth.HTTPError:
        _unreachable(server)


def _unreachable(server: str) -> NoReturn:
    fail({"title": f"{server} does not answer", "hint": "is it running? BAILIWICK_URL says where"})


def fail(problem: dict[str, Any]) -> NoReturn:
    """Say what is wrong, what to do and which policy decided; end with code 1."""
    typer.secho(f"error: {problem.get('title', 'the request failed')}", fg="red", err=True)
    hint = _another_sign_in(problem) or problem.get("hint")
    if hint:
        typer.echo(f"  {hint}", err=True)
    if problem.get("deciders"):
        typer.echo(f"  decided by: {', '.join(problem['deciders'])}", err=True)
    raise typer.Exit(1)


def _another_sign_in(problem: dict[str, Any]) -> str:
    """Return the command that signs in as policy wants it, where that is what is missing."""
    if problem.get("code") != "policy.step-up-needed":
        return ""
    wanted = problem.get("details", {})
    age = f" --max-age {wanted['max_age']}" if wanted.get("max_age") is not None else ""
    factor = " --second-factor" if wanted.get("second_factor") else ""
    return f"sign in again, then do it once more: bailiwick login{age}{factor}"


def signed() -> dict[str, str]:
    """Return the headers of a request as whoever signed in, or end with what to do."""
    return {"Authorization": f"Bearer {token()}", **AGENT}


def call(method: str, path: str, *, authenticated: bool = True, **options: Any) -> Any:
    """Return the JSON that the API answers; end with its words when it refuses."""
    return _asked(method, path, authenticated=authenticated, **options).json()


def fetch(path: str, **params: Any) -> bytes:
    """Return the bytes that the API answers to a GET; end with its words when it refuses."""
    return bytes(_asked("GET", path, authenticated=True, params=params).content)


def every(path: str, key: str, **params: Any) -> list[Any]:
    """Return what a list of the API holds under a key, page after page."""
    found: list[Any] = []
    cursor = ""
    while True:
        page = call("GET", path, params={**params, "limit": _PAGE, "cursor": cursor})
        found += page[key]
        cursor = page["cursor"]
        if not cursor:
            return found


def _asked(method: str, path: str, *, authenticated: bool, **options: Any) -> httpx2.Response:
    headers = {**(signed() if authenticated else AGENT), **options.pop("headers", {})}
    try:
        answer = httpx2.request(
            method, f"{server_url()}/api/v1{path}", headers=headers, timeout=options.pop("timeout", 60), **options
        )
    except httpx2.HTTPError:
        _unreachable(server_url())
    if answer.is_error:
        try:
            problem = answer.json()
        except ValueError:
            problem = {"title": f"the server answered {answer.status_code}"}
        fail(problem)
    return answer


def show(value: Any, text: str, *, as_json: bool) -> None:
    """Print the value as JSON, or its text for people."""
    sys.stdout.write((json.dumps(value, indent=2) if as_json else text) + "\n")
