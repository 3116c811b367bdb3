"""Sends events to Splunk's HTTP event collector, with the indexer's acknowledgement where it is switched on."""

import json
import socket
import time
import uuid
from collections.abc import Sequence

from pydantic import SecretStr

from bailiwick.control.exporter_settings import SplunkExporter
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.formats import DOCUMENTS
from bailiwick.control.exporters.model import Outgoing
from bailiwick.control.exporters.receivers.http import HttpSender, refusal
from bailiwick.core.events import canonical_json

_EVENT_PATH, _ACK_PATH = "/services/collector/event", "/services/collector/ack"
_ACK_SECONDS = 60.0
_ACK_POLL_SECONDS = 0.5
_OK = 200


class SplunkReceiver:
    """Each batch is a request of events one after the other; `fields.bailiwick_uid` tells repeats."""

    settle_seconds = 0.0

    def __init__(self, options: SplunkExporter, token: SecretStr) -> None:
        self._options = options
        self._token = token
        self._channel = str(uuid.uuid4())
        self._host = socket.gethostname()
        self._http = HttpSender(options.ca)

    def deliver(self, events: Sequence[Outgoing]) -> None:
        """Post the batch; with acknowledgement, wait until the indexer has it."""
        said = self._post(_EVENT_PATH, b"".join(canonical_json(self._envelope(event)) for event in events))
        if said.get("code") != 0:
            raise DeliveryError("the receiver did not say that it took the batch: is this Splunk's event collector?")
        if self._options.acknowledge:
            number = said.get("ackId")
            if not isinstance(number, int):
                raise DeliveryError(
                    "the receiver gives no acknowledgements", hint="switch them on for the token, or off here"
                )
            self._await(number)

    def check(self) -> None:
        """Nothing is in flight."""

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _envelope(self, event: Outgoing) -> dict[str, object]:
        options = self._options
        envelope: dict[str, object] = {
            "time": round(event.event.time.timestamp(), 3),
            "host": self._host,
            "source": options.source,
            "sourcetype": f"bailiwick:{options.format}",
            "event": DOCUMENTS[options.format](event),
            "fields": {"bailiwick_uid": event.uid},
        }
        return event.gate.document("splunk", {**envelope, "index": options.index} if options.index else envelope)

    def _await(self, number: int) -> None:
        ends = time.monotonic() + _ACK_SECONDS
        body = canonical_json({"acks": [number]})
        while time.monotonic() < ends:
            acks = self._post(f"{_ACK_PATH}?channel={self._channel}", body).get("acks")
            if isinstance(acks, dict) and acks.get(str(number)) is True:
                return
            time.sleep(_ACK_POLL_SECONDS)
        raise DeliveryError(f"the indexer did not acknowledge the batch within {_ACK_SECONDS:.0f} s")

    def _post(self, path: str, body: bytes) -> dict[str, object]:
        headers = {
            "authorization": f"Splunk {self._token.get_secret_value()}",
            "content-type": "application/json",
            "x-splunk-request-channel": self._channel,
        }
        answer = self._http.send("POST", f"{self._options.url}{path}", body, headers)
        if answer.status != _OK:
            raise refusal(answer)
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError) as fault:
            raise DeliveryError("the receiver's answer is not JSON: is this Splunk's event collector?") from fault
        return said if isinstance(said, dict) else {}
