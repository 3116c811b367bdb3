"""Asks a token endpoint: one form, one answer, within a time however slowly it comes, and never elsewhere.

Addresses are of registrations only; redirects are not followed, and proxies of the environment not asked.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx2

from bailiwick.core.clock import Clock
from bailiwick.core.oauth import (
    MOST_ANSWER_BYTES,
    IssuedToken,
    TokenEndpointError,
    dpop,
    read_answer,
)

WHOLE_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What a token endpoint answers, and the nonce that it wants in the next proof, empty for none."""

    status: int
    content: bytes
    nonce: str


async def ask_token(
    url: str,
    form: Mapping[str, str],
    headers: Mapping[str, str],
    context: ssl.SSLContext,
    *,
    key: str,
    clock: Clock,
) -> IssuedToken:
    """Return a token, bound to a `key` (RFC 9449) where there is one; raise `TokenEndpointError` when there is none.

    A server may want its nonce in the proof, and says so first: nothing was done then, and it is asked once more.
    """
    if not key:
        answer = await post_form(url, form, headers, context)
        return read_answer(answer.status, answer.content)
    nonce = ""
    for again in (True, False):
        proof = dpop.dpop_proof(key, "POST", url, clock(), nonce=nonce)
        answer = await post_form(url, form, {**headers, dpop.HEADER: proof}, context)
        try:
            return read_answer(answer.status, answer.content, kinds=frozenset({"dpop"}))
        except TokenEndpointError as fault:
            nonce = answer.nonce
            if fault.error != dpop.USE_NONCE or not nonce or not again:
                raise
    raise TokenEndpointError("wants a nonce again and again")


async def post_form(
    url: str, form: Mapping[str, str], headers: Mapping[str, str], context: ssl.SSLContext
) -> TokenAnswer:
    """Return the answer to a form; raise `TokenEndpointError` when there is none in time."""
    kind = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    return await post(url, urlencode(form).encode(), {**kind, **headers}, context)


async def post(url: str, body: bytes, headers: Mapping[str, str], context: ssl.SSLContext) -> TokenAnswer:
    """Return an answer; raise `TokenEndpointError` when there is none in time."""
    content = bytearray()
    sent = {"accept-encoding": "identity", **headers}
    try:
        async with (
            asyncio.timeout(WHOLE_SECONDS),
            httpx2.AsyncClient(verify=context, timeout=None, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=sent) as answer,
        ):
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > MOST_ANSWER_BYTES:
                    raise TokenEndpointError("answers with more than a token")
            nonce = answer.headers.get(dpop.NONCE_HEADER, "")
            return TokenAnswer(answer.status_code, bytes(content), nonce if dpop.is_nonce(nonce) else "")
    except TimeoutError:
        raise TokenEndpointError("is slow") from None
    except (httpx2.HTTPError, OSError) as fault:
        raise TokenEndpointError(f"is not reached ({type(fault).__name__})") from None
