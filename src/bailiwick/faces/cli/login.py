"""`bailiwick login` and `logout`: in through a browser here (RFC 8252) or elsewhere (RFC 8628), and out again."""

import http.server
import os
import queue
import secrets
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

import typer

from bailiwick.core.pkce import pkce_challenge
from bailiwick.faces.cli import credentials, oauth
from bailiwick.faces.cli.client import call, fail, failing, server_url

_PATH = "/callback"
_SECONDS = 300
_SLOW_CLIENT_SECONDS = 10
Answer = dict[str, list[str]]


def login(
    no_browser: Annotated[bool, typer.Option(help="print the address instead of opening a browser")] = False,
    device: Annotated[bool, typer.Option(help="answer in a browser elsewhere, by a code")] = False,
    max_age: Annotated[int | None, typer.Option(min=0, help="sign in anew unless that was so many seconds ago")] = None,
    second_factor: Annotated[bool, typer.Option(help="sign in with a second factor")] = False,
) -> None:
    """Sign in through the browser; the tokens are kept in a file that only you can read. Example: bailiwick login."""
    server = server_url()
    wanted = {"max_age": str(max_age)} if max_age is not None else {}
    if second_factor:
        wanted["acr_values"] = "second-factor"
    with failing(server):
        oauth.require_issuer(server)
        issued = _by_a_code(server, wanted) if device else _through_the_browser(server, wanted, opens=not no_browser)
        credentials.keep_login(server, issued)
    if os.environ.get("BAILIWICK_TOKEN"):
        typer.echo("Note that BAILIWICK_TOKEN is set, and is used instead of this sign-in.", err=True)
    who = call("GET", "/me")["principal"]
    typer.echo(f"You are {who}. Access is renewed by itself; bailiwick logout ends it.")


def logout() -> None:
    """Give back what login got, and forget it. Example: bailiwick logout."""
    typer.echo("signed out" if credentials.forget_login() else "you were not signed in")


def _through_the_browser(server: str, wanted: dict[str, str], *, opens: bool) -> oauth.Tokens:
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    resources = credentials.resources(server)
    with _waiting() as (redirect_uri, answers):
        query = {
            "response_type": "code",
            "client_id": oauth.CLIENT,
            "redirect_uri": redirect_uri,
            "code_challenge": pkce_challenge(verifier),
            "code_challenge_method": "S256",
            "state": state,
            "resource": resources,
            **wanted,
        }
        address = f"{server}/oauth/authorize?{urlencode(query, doseq=True)}"
        typer.echo(f"Open this address and say yes:\n  {address}")
        if opens:
            webbrowser.open(address)
        try:
            answer = answers.get(timeout=_SECONDS)
        except queue.Empty:
            fail({"title": "nobody said yes in the browser", "hint": "run bailiwick login again"})
    code = _code_in(answer, state=state, server=server)
    return oauth.redeem(server, code, redirect_uri=redirect_uri, verifier=verifier, resource=resources[0])


def _by_a_code(server: str, wanted: dict[str, str]) -> oauth.Tokens:
    """Ask until somebody answered in another browser, no oftener than the server wants (RFC 8628, section 3.5)."""
    resources = credentials.resources(server)
    device = oauth.begin_device(server, resources=resources, wanted=wanted)
    typer.echo(f"Open this address in any browser and type the code:\n  {device.page}\n  {device.user_code}")
    until, pause = time.monotonic() + device.seconds, device.interval_seconds
    while time.monotonic() < until:
        time.sleep(pause)
        try:
            return oauth.fetch_device(server, device, resource=resources[0])
        except oauth.RefusedError as fault:
            if fault.error not in {"authorization_pending", "slow_down"}:
                raise
            pause += 5 * (fault.error == "slow_down")
        except oauth.HTTPError:
            pause = min(pause * 2, 60)
    raise oauth.RefusedError("expired_token", "nobody answered in time: run bailiwick login --device again")


def _code_in(answer: Answer, *, state: str, server: str) -> str:
    """Return the code of an answer that is to our question and from the server that we asked (RFC 9207)."""

    def one(name: str) -> str:
        return answer.get(name, [""])[0]

    ours = secrets.compare_digest(one("state").encode(), state.encode()) and one("iss") == server
    if not ours:
        fail({"title": "what came back is not an answer to this sign-in", "hint": "run bailiwick login again"})
    if one("error"):
        words = one("error_description") or one("error")
        fail({"title": f"not signed in: {words[:200]}", "hint": "run bailiwick login again"})
    return one("code")


@contextmanager
def _waiting() -> Iterator[tuple[str, "queue.Queue[Answer]"]]:
    """Wait on a free port of loopback for the request that brings the answer back."""
    answers: queue.Queue[Answer] = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        timeout = _SLOW_CLIENT_SECONDS

        def do_GET(self) -> None:
            """Take the answer; browsers ask for other things too."""
            target = urlsplit(self.path)
            ours = target.path == _PATH
            self.send_response(200 if ours else 404)
            self.send_header("content-type", "text/plain; charset=utf-8")
            self.end_headers()
            if ours:
                self.wfile.write(b"The command line has your answer. You may close this page.\n")
                answers.put(parse_qs(target.query))

        def log_message(self, *_: object) -> None:
            """Say nothing: the request line holds the code."""

    # Threads, because browsers open connections on which they then say nothing.
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{receiver.server_port}{_PATH}", answers
        finally:
            receiver.shutdown()
