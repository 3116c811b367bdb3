"""Signatures of webhooks: whether what came was sent by the system that shares a secret with us, and just now.

Each scheme is read as its vendor documents it. Comparisons take the same time whatever is compared.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Scheme = Literal["slack", "github", "stripe", "standard"]
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_STANDARD_ID = re.compile(r"[!-~]{1,200}")
_STANDARD_PREFIX = "whsec_"
_MOST_SIGNATURES = 20


class WebhookError(Exception):
    """What came is not to be believed; the words hold nothing of it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A message that is genuine: what tells it from every other, for whoever remembers which came already."""

    mark: str


def verify(
    scheme: Scheme, secret: str, headers: Mapping[str, str], body: bytes, *, now: float, tolerance_seconds: float
) -> Signed:
    """Return the mark of a genuine message; raise `WebhookError` for any other.

    `headers` are by their names in small letters; `now` is in seconds since 1970. GitHub signs no time, so that only
    whoever remembers marks can tell that a message of it is an old one.
    """
    match scheme:
        case "slack":
            # https://docs.slack.dev/authentication/verifying-requests-from-slack
            moment = _moment(headers.get("x-slack-request-timestamp", ""), now, tolerance_seconds)
            expected = "v0=" + _hex(secret.encode(), f"v0:{moment}:".encode() + body)
            return _one_of(expected, [headers.get("x-slack-signature", "")])
        case "github":
            # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
            expected = "sha256=" + _hex(secret.encode(), body)
            return _one_of(expected, [headers.get("x-hub-signature-256", "")])
        case "stripe":
            # https://docs.stripe.com/webhooks/signature
            pairs = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
            moments = [value for name, _, value in pairs if name == "t"]
            moment = _moment(moments[0] if len(moments) == 1 else "", now, tolerance_seconds)
            expected = _hex(secret.encode(), f"{moment}.".encode() + body)
            return _one_of(expected, [value for name, _, value in pairs if name == "v1"])
        case "standard":
            return _standard(secret, headers, body, now, tolerance_seconds)


def _standard(secret: str, headers: Mapping[str, str], body: bytes, now: float, tolerance_seconds: float) -> Signed:
    """https://www.standardwebhooks.com: version 1, which is symmetric."""
    name = headers.get("webhook-id", "")
    if not _STANDARD_ID.fullmatch(name) or "." in name:
        raise WebhookError("it has no id")
    moment = _moment(headers.get("webhook-timestamp", ""), now, tolerance_seconds)
    try:
        key = base64.b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise WebhookError("the secret of this webhook is none of the standard form") from None
    digest = hmac.digest(key, f"{name}.{moment}.".encode() + body, "sha256")
    return _one_of(f"v1,{base64.b64encode(digest).decode()}", headers.get("webhook-signature", "").split(" "))


def _moment(written: str, now: float, tolerance_seconds: float) -> str:
    if not _TIMESTAMP.fullmatch(written):
        raise WebhookError("it does not say when it was sent")
    if abs(now - int(written)) > tolerance_seconds:
        raise WebhookError("it was not sent just now, or a clock is wrong")
    return written


def _hex(key: bytes, content: bytes) -> str:
    if not key:
        raise WebhookError("the secret of this webhook is empty")
    return hmac.digest(key, content, "sha256").hex()


def _one_of(expected: str, given: list[str]) -> Signed:
    found = [hmac.compare_digest(expected.encode(), one.encode()) for one in given[:_MOST_SIGNATURES]]
    if not any(found):
        raise WebhookError("its signature is not that of this webhook")
    return Signed(hashlib.sha256(expected.encode()).hexdigest())
