"""HTTP to receivers: no redirects, no proxies of the environment, limited time, and a limited answer."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bailiwick.control.exporters.errors import DeliveryError

_CONNECT_SECONDS = 5.0
_SILENCE_SECONDS = 15.0
_WHOLE_SECONDS = 30.0
_LARGEST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class HttpSender:
    """Requests to one receiver over a connection that is kept."""

    def __init__(self, ca: Path | None) -> None:
        """Take the authority to trust instead of the system's, if any."""
        self._client = httpx2.Client(
            verify=tls_context(ca),
            timeout=httpx2.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer, whatever its status; raise `DeliveryError` when there is none or no sensible one."""
        deadline = time.monotonic() + _WHOLE_SECONDS
        try:
            with self._client.stream(method, url, content=body, headers=dict(headers)) as answer:
                received = b""
                for piece in answer.iter_bytes():
                    received += piece
                    if len(received) > _LARGEST_ANSWER_BYTES:
                        raise DeliveryError(f"the receiver's answer is longer than {_LARGEST_ANSWER_BYTES} bytes")
                    if time.monotonic() > deadline:
                        raise DeliveryError(f"the receiver's answer took longer than {_WHOLE_SECONDS:.0f} s")
                return Answer(answer.status_code, received, answer.headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as fault:
            # httpx's words hold the reason ("Connection refused"), never headers or content.
            raise DeliveryError(f"no answer from the receiver: {str(fault) or type(fault).__name__}") from fault

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def refusal(answer: Answer) -> DeliveryError:
    """Return what to say of an answer that is no yes. Its text is not shown: it may hold what we sent."""
    meanings = {401: "the receiver does not know our secret", 403: "the receiver refuses our secret"}
    meanings |= {404: "there is no receiver at this URL", 413: "the batch is too large: lower batch_events"}
    if 300 <= answer.status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
        meaning = "the receiver redirects, and redirects are not followed: set the URL that it leads to"
    else:
        meaning = meanings.get(answer.status, "the receiver did not take the batch")
    return DeliveryError(f"{meaning} (status {answer.status})")


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Return TLS 1.2 or later with checked certificates and names; raise `DeliveryError` for a bad authority."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as fault:
        raise DeliveryError(f"{ca} holds no certificates: {fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
