"""Writes events as objects into a bucket of S3 or of storage that speaks its protocol."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from bailiwick.control.exporter_settings import S3Exporter
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.model import Outgoing
from bailiwick.control.exporters.receivers.files import MEDIA_TYPES, file_content, file_name
from bailiwick.control.exporters.receivers.http import Answer, HttpSender, refusal
from bailiwick.core.sigv4 import Signer, amz_date

_HASH_HEADER = "x-amz-meta-sha256"
_OK, _PRECONDITION_FAILED = 200, 412


class S3Receiver:
    """Each batch is an object that is never written over: where its name is taken, it must be by the same content."""

    settle_seconds = 0.0

    def __init__(self, options: S3Exporter, access_key_id: SecretStr, secret_access_key: SecretStr) -> None:
        self._options = options
        self._signer = Signer(access_key_id.get_secret_value(), secret_access_key, options.region)
        self._http = HttpSender(options.ca)

    def deliver(self, events: Sequence[Outgoing]) -> None:
        """Put the batch."""
        options = self._options
        content = file_content(options, events)
        path = quote(f"/{options.bucket}/{options.prefix}{file_name(options, events)}", safe="/-_.~")
        digest = hashlib.sha256(content).hexdigest()
        headers = {"content-type": MEDIA_TYPES[options.container], "if-none-match": "*", _HASH_HEADER: digest}
        answer = self._request("PUT", path, content, headers)
        if answer.status == _PRECONDITION_FAILED:
            self._require_same(path, digest)
        elif answer.status != _OK:
            raise _refused(answer)

    def check(self) -> None:
        """Nothing is in flight."""

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _require_same(self, path: str, digest: str) -> None:
        """Return when the object that is there is the one we would write; raise `DeliveryError` when not."""
        answer = self._request("HEAD", path, b"", {})
        if answer.status != _OK:
            raise _refused(answer)
        if answer.headers.get(_HASH_HEADER) != digest:
            raise DeliveryError(
                f"another object has the name {path}", hint="give the exporter a prefix of its own, or move the object"
            )

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        now = datetime.now(UTC)
        body_hash = hashlib.sha256(body).hexdigest()
        signed = {
            **headers,
            "host": urlsplit(self._options.endpoint).netloc,
            "x-amz-date": amz_date(now),
            "x-amz-content-sha256": body_hash,
        }
        authorization = self._signer.authorization(method, path, signed, body_hash, now)
        url = f"{self._options.endpoint}{path}"
        return self._http.send(method, url, body, {**signed, "authorization": authorization})


def _refused(answer: Answer) -> DeliveryError:
    meanings = {403: "the storage refuses our keys, or they may not write there", 404: "there is no such bucket"}
    if answer.status in meanings:
        return DeliveryError(f"{meanings[answer.status]} (status {answer.status})")
    return refusal(answer)
