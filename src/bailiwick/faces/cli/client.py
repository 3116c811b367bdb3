"""The command line's way to the API, and how it says what came of it."""

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import typer

DEFAULT_URL = "http://127.0.0.1:8400"
AGENT = {"User-Agent": "bailiwick"}
_CREDENTIALS = Path("~/.config/bailiwick/credentials.json")


def credentials_file() -> Path:
    """Return where `bailiwick login` keeps its token."""
    return Path(os.environ.get("BAILIWICK_CREDENTIALS", str(_CREDENTIALS))).expanduser()


def saved() -> dict[str, str]:
    """Return what `bailiwick login` kept, or nothing."""
    try:
        return dict(json.loads(credentials_file().read_text()))
    except (OSError, ValueError):
        return {}


def server_url() -> str:
    """Return where the control plane is: the environment, else the last login, else the demo."""
    return os.environ.get("BAILIWICK_URL") or saved().get("url") or DEFAULT_URL


def token() -> str:
    """Return the token, or end with what to do."""
    found = os.environ.get("BAILIWICK_TOKEN") or saved().get("token", "")
    if not found:
        fail({"title": "you are not signed in", "hint": "bailiwick login"})
    return found


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


def fetch(path: str) -> bytes:
    """Return the bytes that the API answers to a GET; end with its words when it refuses."""
    return bytes(_asked("GET", path, authenticated=True).content)


def _asked(method: str, path: str, *, authenticated: bool, **options: Any) -> httpx2.Response:
    headers = signed() if authenticated else AGENT
    try:
        answer = httpx2.request(method, f"{server_url()}/api/v1{path}", headers=headers, timeout=60, **options)
    except httpx2.HTTPError:
        fail({"title": f"{server_url()} does not answer", "hint": "is it running? BAILIWICK_URL says where"})
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
