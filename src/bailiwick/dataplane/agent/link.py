"""The link to the control plane: dialled out over mutual TLS, every order verified, reports sent until acknowledged."""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
from pydantic import ValidationError

from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.messages import (
    STATE_TYPE,
    Acknowledgement,
    AnyDownlink,
    PassAnswer,
    PassRequest,
    PersonTokenAnswer,
    PersonTokenRequest,
    PlaneAnswer,
    PlaneWelcome,
    SecretValue,
    StateTaken,
    TokenShown,
    decode_downlink,
)
from bailiwick.core.statements import Keyring, SignatureError, open_envelope, read_envelope
from bailiwick.dataplane.agent.certificate import PlaneCertificate
from bailiwick.dataplane.agent.spool import Spool

_PREFIX = "/plane/v1"
_SILENCE_SECONDS = 20.0
_LONGEST_WAIT_SECONDS, _WAIT_GROWS = 2.0, 1.3
_SEND_EVERY_SECONDS = 0.1
_RENEW_AGAIN_SECONDS = 20.0
_JSON = {"content-type": "application/json"}
_LOG = logging.getLogger(__name__)
Take = Callable[[AnyDownlink], Awaitable[None]]


class Link:
    """One plane's way to the control plane. The keys it was told at first contact are pinned in `pins`."""

    def __init__(self, *, url: str, credentials: Path, pins: Path, spool: Spool) -> None:
        self._url = url
        self._certificate = PlaneCertificate(credentials)
        self._pins = pins
        self._spool = spool
        self._client: httpx2.AsyncClient | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self.welcome: PlaneWelcome | None = self._pinned()
        # Set while the control plane last showed the pinned keys: before that it is told nothing.
        self._known = asyncio.Event()

    async def run(self, take: Take) -> None:
        """Listen for ever; after each loss, dial again, later each time."""
        wait, told = 0.1, ""
        while True:
            try:
                async with self._dial() as client:
                    await self._greet(client)
                    told = ""
                    await self._listen(client, take)
                wait = 0.1
            except (httpx2.HTTPError, OSError, BailiwickError, ValidationError) as fault:
                wait = min(wait * _WAIT_GROWS, _LONGEST_WAIT_SECONDS)
                words = _words(fault)
                if words != told:
                    _LOG.warning("the link to the control plane is down: %s", words)
                told = words
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - to spread planes, not to keep a secret

    async def send_reports(self, spool: Spool | None = None) -> None:
        """Send what the spool holds, or another one, for ever; what is not acknowledged is sent again."""
        spool = self._spool if spool is None else spool
        while True:
            await self._known.wait()
            batch = await asyncio.to_thread(spool.next_batch)
            if batch is None:
                await asyncio.sleep(_SEND_EVERY_SECONDS)
                continue
            try:
                answer = await self._request("POST", "/reports", content=batch.model_dump_json(by_alias=True))
                acknowledged = Acknowledgement.model_validate_json(answer).sequence
                await asyncio.to_thread(spool.forget, acknowledged)
            except (BailiwickError, ValidationError):
                await asyncio.sleep(1.0)

    def tell_taken(self, version: int) -> None:
        """Tell the control plane that this plane acts on a desired state. It waits for that only for a while."""
        task = asyncio.create_task(self._tell_taken(version))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell_taken(self, version: int) -> None:
        with contextlib.suppress(BailiwickError):
            await self._request("POST", "/taken", content=StateTaken(version=version).model_dump_json())

    async def keep_certificate(self) -> None:
        """Renew the plane's certificate at half of its life, for ever. What is connected stays so."""
        while True:
            await self._known.wait()
            try:
                await asyncio.sleep(self._certificate.seconds_until_renewal())
                await self.renew_certificate()
            except (BailiwickError, OSError, ValueError) as fault:
                _LOG.warning("the plane's certificate was not renewed: %s", _words(fault))
                await asyncio.sleep(_RENEW_AGAIN_SECONDS)

    async def renew_certificate(self) -> None:
        """Ask for a certificate for a new key, and show it from the next connection on."""
        issued = await self._request("POST", "/certificate", content=self._certificate.request())
        self._certificate.take(issued)

    async def artifact(self, sha256: str) -> bytes:
        """Return an artefact's bytes, unverified."""
        return await self._request("GET", f"/artifacts/{sha256}")

    async def secret(self, name: str) -> SecretValue:
        """Return a credential for a gateway."""
        return SecretValue.model_validate_json(await self._request("GET", f"/secrets/{name}"))

    async def person_token(self, request: PersonTokenRequest) -> PersonTokenAnswer:
        """Return a token with which a person's consent lets an app call an integration."""
        answer = await self._request("POST", "/person-tokens", content=request.model_dump_json())
        return PersonTokenAnswer.model_validate_json(answer)

    async def model_key(self, model: str) -> SecretValue:
        """Return the credential of a model's server."""
        return SecretValue.model_validate_json(await self._request("GET", f"/model-keys/{model}"))

    async def model_pass(self, token: str) -> str:
        """Return the pass for models of whoever shows an access token."""
        answer = await self._request("POST", "/model-passes", content=TokenShown(token=token).model_dump_json())
        return PassAnswer.model_validate_json(answer).token

    async def redeem(self, request: PassRequest) -> PassAnswer:
        """Exchange a one-time code for a pass."""
        answer = await self._request("POST", "/passes", content=request.model_dump_json())
        return PassAnswer.model_validate_json(answer)

    async def answer(self, answer: PlaneAnswer) -> None:
        """Answer a question; nobody waits for it any more when that cannot be done now."""
        with contextlib.suppress(BailiwickError):
            await self._request("POST", "/answers", content=answer.model_dump_json())

    def _dial(self) -> httpx2.AsyncClient:
        """Return a client that shows this plane's certificate."""
        return httpx2.AsyncClient(
            base_url=self._url, verify=self._certificate.context(), timeout=httpx2.Timeout(10.0, read=_SILENCE_SECONDS)
        )

    async def _request(self, method: str, path: str, **options: Any) -> bytes:
        if not self._known.is_set():
            raise UnavailableError("the control plane has not shown its keys yet", hint="try again in a moment")
        try:
            if self._client is None:
                self._client = self._dial()
            answer = await self._client.request(method, f"{_PREFIX}{path}", headers=_JSON, **options)
        except (httpx2.HTTPError, OSError) as fault:
            await self._hang_up()
            raise UnavailableError("the control plane does not answer", hint="try again in a moment") from fault
        if answer.is_error:
            raise _remote_error(answer)
        return answer.content

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await client.aclose()

    async def _greet(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(f"{_PREFIX}/welcome")
        answer.raise_for_status()
        told = PlaneWelcome.model_validate_json(answer.content)
        if self.welcome is None:
            unfinished = self._pins.with_suffix(".new")
            unfinished.write_text(told.model_dump_json())
            unfinished.replace(self._pins)
            self.welcome = told
        elif told != self.welcome:
            self._known.clear()
            await self._hang_up()
            raise SignatureError("the control plane's keys are not those that were pinned at enrolment")
        self._known.set()

    async def _listen(self, client: httpx2.AsyncClient, take: Take) -> None:
        assert self.welcome is not None  # noqa: S101 - set by _greet
        ring = Keyring.of([self.welcome.downlink_key])
        async with client.stream("GET", f"{_PREFIX}/stream") as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line:
                    await take(decode_downlink(open_envelope(read_envelope(line), ring, STATE_TYPE)))

    def _pinned(self) -> PlaneWelcome | None:
        """Return the keys of the first contact, or None before it; keys that cannot be read are not pinned anew."""
        if not self._pins.exists():
            return None
        try:
            return PlaneWelcome.model_validate_json(self._pins.read_bytes())
        except ValidationError as fault:
            raise SignatureError(
                f"the pinned keys in {self._pins.name} cannot be read",
                hint="restore the file from a copy, or remove it to enrol this plane anew",
            ) from fault


def _words(fault: Exception) -> str:
    """Return what to log of a fault: nothing that was sent or received, as that may hold secrets."""
    if isinstance(fault, BailiwickError):
        return fault.message
    if isinstance(fault, httpx2.HTTPStatusError):
        return f"the control plane answers with status {fault.response.status_code}"
    if isinstance(fault, ValidationError):
        return "what the control plane sent cannot be understood"
    return f"the control plane is not reached ({type(fault).__name__})"


def _remote_error(answer: httpx2.Response) -> BailiwickError:
    try:
        problem = json.loads(answer.content)
    except ValueError:
        problem = {}
    error = BailiwickError(str(problem.get("title", "the control plane refuses")), hint=str(problem.get("hint", "")))
    error.status, error.code = answer.status_code, str(problem.get("code", error.code))
    return error
