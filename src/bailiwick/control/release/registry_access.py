"""Who we are at a registry: nobody, a name and password, or a token that its own token server gives for them.

https://distribution.github.io/distribution/spec/auth/token/
"""

import re
import ssl
from collections.abc import Callable, Mapping
from typing import IO, Self
from urllib.parse import urlsplit

import httpx2
from pydantic import SecretStr

from bailiwick.core.errors import UnavailableError

_PAIR = re.compile(r'(\w+)="([^"]*)"')
_TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
Content = Callable[[], bytes | IO[bytes]]


class Access:
    """One connection to a registry. Credentials go to it, and to the token server that it names over TLS, only."""

    def __init__(
        self, url: str, username: str, password: Callable[[], SecretStr] | None, tls: ssl.SSLContext | bool
    ) -> None:
        self._url = url
        self._username = username
        self._password = password
        self._client = httpx2.Client(verify=tls, timeout=_TIMEOUT, follow_redirects=False)
        self._authorization: httpx2.Auth | None = None
        self._token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: Content | None = None
    ) -> httpx2.Response:
        """Return the answer to a request, made again once with what the registry asks for."""
        answer = self._send(method, url, headers, content)
        if answer.status_code == httpx2.codes.UNAUTHORIZED and self._identify(answer):
            answer = self._send(method, url, headers, content)
        return answer

    def elsewhere(self, url: str) -> httpx2.Response:
        """Return what is at an address that the registry sent us to, asked for without any credential."""
        if not self._is_safe(url):
            raise UnavailableError("the registry sends us to an address in the clear: not followed")
        return self._client.get(url)

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, content: Content | None
    ) -> httpx2.Response:
        sent = dict(headers or {})
        if self._token:
            sent["authorization"] = f"Bearer {self._token}"
        body = content() if content is not None else None
        return self._client.request(method, url, headers=sent, content=body, auth=self._authorization)

    def _identify(self, answer: httpx2.Response) -> bool:
        """Take on what a challenge asks for (RFC 9110 §11.6.1); return whether there is anything to try."""
        kind, _, words = answer.headers.get("www-authenticate", "").partition(" ")
        asked = dict(_PAIR.findall(words))
        if kind.lower() == "basic" and self._password is not None and self._authorization is None:
            self._authorization = httpx2.BasicAuth(self._username, self._password().get_secret_value())
            return True
        if kind.lower() == "bearer" and "realm" in asked:
            self._token = self._new_token(asked)
            return bool(self._token)
        return False

    def _new_token(self, asked: Mapping[str, str]) -> str:
        if not self._is_safe(asked["realm"]):
            raise UnavailableError("the registry names a token server in the clear: no password is sent there")
        wanted = {name: asked[name] for name in ("service", "scope") if name in asked}
        auth = httpx2.BasicAuth(self._username, self._password().get_secret_value()) if self._password else None
        answer = self._client.get(asked["realm"], params=wanted, auth=auth)
        if not answer.is_success:
            return ""
        found = answer.json()
        return str(found.get("token") or found.get("access_token") or "")

    def _is_safe(self, url: str) -> bool:
        """Whether an address is over TLS, or on the very host that settings let us reach without it."""
        found, ours = urlsplit(url), urlsplit(self._url)
        return found.scheme == "https" or (found.scheme, found.hostname) == (ours.scheme, ours.hostname)
