"""Keys of other issuers: fetched where an issuer says (OpenID Connect Discovery 1.0), kept a while, fetched anew."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bailiwick.control.identity.services.errors import IssuerUnavailableError
from bailiwick.control.identity.services.keys import PublicKey, import_key_set
from bailiwick.core.errors import InvalidInputError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TIMEOUT_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_WAIT_SECONDS = 10.0
_MOST_ISSUERS = 200
_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long keys are kept, in seconds: asked for anew after `fresh`, used until `stale` while nobody answers, and
    never asked for more often than every `between`.
    """

    fresh: float = 300.0
    stale: float = 3600.0
    between: float = 10.0


@dataclass(slots=True)
class _Known:
    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: tuple[PublicKey, ...] = ()
    fetched: float = float("-inf")
    asked: float = float("-inf")


class Issuers:
    """Asks issuers for their keys. One thread asks at a time; the others wait for its answer, for a while."""

    def __init__(
        self,
        http: httpx2.Client | None = None,
        patience: Patience | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._given_http = http
        self._patience = patience or Patience()
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    @cached_property
    def _http(self) -> httpx2.Client:
        # Made when it is needed: it reads every authority that is trusted, which takes a while.
        return self._given_http or httpx2.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)

    def keys(self, issuer: str, key_id: str) -> list[PublicKey]:
        """Return the issuer's keys with this id, all of them where it names none or `key_id` is empty.

        A key id that is not known is looked for anew: issuers rotate. Raises `IssuerUnavailableError` when there is
        nobody who could say.
        """
        with self._lock:
            if issuer not in self._known and len(self._known) >= _MOST_ISSUERS:
                self._known.clear()
            known = self._known.setdefault(issuer, _Known())
        if not known.lock.acquire(timeout=_WAIT_SECONDS):
            raise IssuerUnavailableError("the issuer of this token is slow to answer", hint="try again in a while")
        try:
            self._refresh(issuer, known, key_id)
            return [key for key in known.keys if not key_id or not _kid(key) or _kid(key) == key_id]
        finally:
            known.lock.release()

    def _refresh(self, issuer: str, known: _Known, key_id: str) -> None:
        now, age = self._monotonic(), self._monotonic() - known.fetched
        missing = bool(key_id) and all(_kid(key) not in {"", key_id} for key in known.keys)
        if (age > self._patience.fresh or missing) and now - known.asked > self._patience.between:
            known.asked = now
            try:
                known.keys = self._fetch(issuer)
                known.fetched = now
            except IssuerUnavailableError:
                if age > self._patience.stale:
                    known.keys = ()
                    raise
        if not known.keys or self._monotonic() - known.fetched > self._patience.stale:
            raise IssuerUnavailableError("the issuer of this token did not say its keys", hint="try again in a while")

    def _fetch(self, issuer: str) -> tuple[PublicKey, ...]:
        document = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise IssuerUnavailableError(
                "the issuer calls itself by another name than the trust",
                hint="the issuer of a trust must be exactly what its discovery document says",
            )
        try:
            location = require_address(str(document.get("jwks_uri", "")), "jwks_uri")
            if not _is_loopback(issuer) and location.startswith("http:"):
                raise InvalidInputError("keys of an issuer elsewhere do not come from this machine")
            return tuple(import_key_set(self._get(location)))
        except InvalidInputError as fault:
            raise IssuerUnavailableError("the issuer's keys cannot be used", hint=fault.message) from fault

    def _get(self, url: str) -> Any:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        body = bytearray()
        try:
            with self._http.stream("GET", url, headers=_HEADERS) as answer:
                # What is packed could grow without end while it is unpacked.
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise IssuerUnavailableError("the issuer packs its answers, though it was asked not to")
                if answer.status_code != httpx2.codes.OK:
                    raise IssuerUnavailableError(f"the issuer answers {answer.status_code} where its keys should be")
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > _MOST_BYTES or time.monotonic() > deadline:
                        raise IssuerUnavailableError("the issuer answers too much, or too slowly")
            return json.loads(bytes(body))
        except (httpx2.HTTPError, ValueError, RecursionError) as fault:
            raise IssuerUnavailableError(
                "the issuer of this token does not answer as an issuer does",
                hint="check the trust's issuer, and that it can be reached from here; else give its keys (jwks)",
            ) from fault


def require_address(address: str, what: str) -> str:
    """Return an address that keys may be fetched from: https, or http on this machine; raise `InvalidInputError`."""
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        fits = bool(parts.hostname) and (parts.scheme == "https" or plain) and parts.username is None
        fits = fits and not parts.fragment and not any(c.isspace() for c in address)
    except ValueError:
        fits = False
    if not fits:
        raise InvalidInputError(
            f"{what} '{address[:100]}' is not an https address", hint="write https://host/…; http only on this machine"
        )
    return address


def _is_loopback(address: str) -> bool:
    return urlsplit(address).hostname in _LOOPBACK


def _kid(key: PublicKey) -> str:
    return str(key.as_dict(private=False).get("kid") or "")
