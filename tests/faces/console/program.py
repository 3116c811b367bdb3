"""A program that asks a person for tokens, as the command line does, over plain HTTP."""

import secrets
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from bailiwick.core.pkce import pkce_challenge
from tests.faces.console.conftest import Console, csrf_token

CLIENT = "bailiwick-cli"
REDIRECT = "http://127.0.0.1:4000/callback"
Form = dict[str, str | list[str]]


@dataclass
class Program:
    """One program, with its PKCE verifier and what it asks for."""

    console: Console
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def asks(self, **changes: str | list[str] | None) -> str:
        """Return the address that it opens in a browser; None leaves a parameter out."""
        query: dict[str, str | list[str] | None] = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": REDIRECT,
            "code_challenge": pkce_challenge(self.verifier),
            "code_challenge_method": "S256",
            "state": "the-state",
        }
        kept = {name: value for name, value in (query | changes).items() if value is not None}
        return f"/oauth/authorize?{urlencode(kept, doseq=True)}"

    def answer(self, browser: httpx2.Client, address: str = "", *, says: str = "yes") -> dict[str, str]:
        """Open the page and click; return what comes back to where the program waits."""
        page = browser.get(address or self.asks())
        assert page.status_code == 200, page.text
        asked = unescape(page.text.partition('name="asked" value="')[2].partition('"')[0])
        form = {"csrf_token": csrf_token(page.text), "asked": asked, "answer": says}
        sent = browser.post("/oauth/authorize", data=form)
        assert sent.status_code == 200, sent.text
        return returned(sent)

    def token(self, **form: str | list[str]) -> httpx2.Response:
        """Call the token endpoint."""
        return httpx2.post(f"{self.console.url}/oauth/token", data={"client_id": CLIENT, **form})

    def redeem(self, code: str, **changes: str | list[str]) -> httpx2.Response:
        """Show a code at the token endpoint."""
        form: Form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return self.token(**{**form, "code_verifier": self.verifier, **changes})

    def refresh(self, token: str, **changes: str | list[str]) -> httpx2.Response:
        """Show a refresh token at the token endpoint."""
        return self.token(**{"grant_type": "refresh_token", "refresh_token": token, **changes})

    def signed_in(self, browser: httpx2.Client, **changes: str | list[str]) -> dict[str, str]:
        """Return the first tokens that somebody lets it have."""
        answer = self.redeem(self.answer(browser, self.asks(**changes))["code"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def opens(self, token: str, path: str = "/api/v1/me") -> int:
        """Return the status with which a door answers a token."""
        return httpx2.get(f"{self.console.url}{path}", headers={"authorization": f"Bearer {token}"}).status_code


def returned(answer: httpx2.Response) -> dict[str, str]:
    """Return the parameters of an answer that sends the browser to the program."""
    target = urlsplit(answer.headers.get("location") or answer.headers["refresh"].removeprefix("0; url="))
    assert f"{target.scheme}://{target.netloc}{target.path}" == REDIRECT
    return {name: values[0] for name, values in parse_qs(target.query).items()}
