"""`bailiwick login`: signs the command line in through the browser (loopback redirect and PKCE, RFC 8252)."""

import http.server
import json
import os
import secrets
import webbrowser
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

import typer

from bailiwick.core.pkce import pkce_challenge
from bailiwick.faces.cli.client import call, credentials_file, fail, server_url

_SECONDS = 300


def login(
    no_browser: Annotated[bool, typer.Option(help="print the address instead of opening a browser")] = False,
    max_age: Annotated[int | None, typer.Option(min=0, help="sign in anew unless that was so many seconds ago")] = None,
    second_factor: Annotated[bool, typer.Option(help="sign in with a second factor")] = False,
) -> None:
    """Sign in through the browser; the token is kept in a file that only you can read. Example: bailiwick login."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    with http.server.HTTPServer(("127.0.0.1", 0), _Receiver) as receiver:
        receiver.timeout = _SECONDS
        query = {"port": receiver.server_port, "challenge": pkce_challenge(verifier), "state": state}
        path = f"/sign-in/cli?{urlencode(query)}"
        if max_age is not None or second_factor:
            wanted = {"max_age": max_age} if max_age is not None else {}
            path = f"/sign-in/start?{urlencode({'return_to': path, 'second_factor': second_factor, **wanted})}"
        address = f"{server_url()}{path}"
        typer.echo(f"Open this address and say yes:\n  {address}")
        if not no_browser:
            webbrowser.open(address)
        receiver.handle_request()
        answer: dict[str, list[str]] = getattr(receiver, "answer", {})
    if not secrets.compare_digest(answer.get("state", [""])[0].encode(), state.encode()):
        fail({"title": "nobody said yes in the browser", "hint": "run bailiwick login again"})
    body = {"code": answer.get("code", [""])[0], "verifier": verifier}
    issued = call("POST", "/token", authenticated=False, json=body)
    _keep({"url": server_url(), "token": issued["token"]})
    typer.echo(f"You are {issued['principal']} until {issued['expires'][:16]}.")


class _Receiver(http.server.BaseHTTPRequestHandler):
    """Takes the one request that brings the code back."""

    def do_GET(self) -> None:
        """Keep the query and say that the browser may be closed."""
        self.server.answer = parse_qs(urlsplit(self.path).query)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"The command line is signed in. You may close this page.\n")

    def log_message(self, *_: object) -> None:
        """Say nothing: the request line holds the code."""


def _keep(content: dict[str, str]) -> None:
    target = credentials_file()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = target.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    unfinished.replace(target)
