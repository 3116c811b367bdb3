"""Sends events as signed requests, as https://www.standardwebhooks.com says (HMAC-SHA256 over id, time and body)."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Sequence

from pydantic import SecretStr

from bailiwick.control.exporter_settings import WebhookExporter
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.formats import DOCUMENTS
from bailiwick.control.exporters.model import Outgoing
from bailiwick.control.exporters.receivers.http import HttpSender, refusal
from bailiwick.core.events import canonical_json

_PREFIX = "whsec_"
_SHORTEST_KEY_BYTES = 24  # as the specification demands


class WebhookReceiver:
    """Each batch is a request; a 2xx answer says that the receiver has it. A repeat has the same `webhook-id`."""

    settle_seconds = 0.0

    def __init__(self, options: WebhookExporter, secret: SecretStr) -> None:
        self._options = options
        self._key = _key(secret)
        self._http = HttpSender(options.ca)

    def deliver(self, events: Sequence[Outgoing]) -> None:
        """Post `{"events": [...]}`."""
        render = DOCUMENTS[self._options.format]
        body = canonical_json({"events": [render(event) for event in events]})
        message_id = f"{self._options.name}:{events[0].uid}-{events[-1].sequence}"
        moment = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": moment,
            "webhook-signature": signature(self._key, message_id, moment, body),
        }
        answer = self._http.send("POST", self._options.url, body, headers)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
            raise refusal(answer)

    def check(self) -> None:
        """Nothing is in flight."""

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


def signature(key: bytes, message_id: str, moment: str, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    signed = f"{message_id}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key(secret: SecretStr) -> bytes:
    try:
        key = base64.b64decode(secret.get_secret_value().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _SHORTEST_KEY_BYTES:
        raise DeliveryError(
            "the webhook's secret is not whsec_ and base64 of at least 24 bytes",
            hint='make one with: echo "whsec_$(openssl rand -base64 32)"',
        )
    return key
