"""Asks a token endpoint: one form, one answer, within a time however slowly it comes, and never elsewhere.

Addresses are of registrations only; redirects are not followed, and proxies of the environment not asked.
"""

import asyncio
import ssl
from collections.abc import Mapping

import httpx2

from bailiwick.core.oauth import MOST_ANSWER_BYTES, TokenEndpointError

WHOLE_SECONDS = 8.0


async def post_form(
    url: str, form: Mapping[str, str], headers: Mapping[str, str], context: ssl.SSLContext
) -> tuple[int, bytes]:
    """Return the status and the body of an answer; raise `TokenEndpointError` when there is none in time."""
    content = bytearray()
    sent = {"accept": "application/json", "accept-encoding": "identity", **headers}
    try:
        async with (
            asyncio.timeout(WHOLE_SECONDS),
            httpx2.AsyncClient(verify=context, timeout=None, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, data=dict(form), headers=sent) as answer,
        ):
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > MOST_ANSWER_BYTES:
                    raise TokenEndpointError("answers with more than a token")
            return answer.status_code, bytes(content)
    except TimeoutError:
        raise TokenEndpointError("is slow") from None
    except (httpx2.HTTPError, OSError) as fault:
        raise TokenEndpointError(f"is not reached ({type(fault).__name__})") from None
