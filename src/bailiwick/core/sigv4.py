"""AWS Signature Version 4: how requests to AWS, and to what speaks the protocol of S3, are signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pydantic import SecretStr

_ALGORITHM = "AWS4-HMAC-SHA256"
# Stands for the hash of a body that is sent as it comes, which S3 takes over TLS.
UNSIGNED = "UNSIGNED-PAYLOAD"
_S3 = "s3"
# What a proxy of the service may change or leave out on the way is not signed.
_SIGNED = frozenset({"host", "content-type", "content-md5", "range", "if-match", "if-none-match"})
_OWN = "x-amz-"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for which region and service."""

    access_key_id: str
    secret_access_key: SecretStr
    region: str
    service: str = "s3"

    def authorization(
        self, method: str, path: str, headers: Mapping[str, str], body_hash: str, now: datetime, query: str = ""
    ) -> str:
        """Return the value of `Authorization`. `path` and `query` are in their canonical forms; all of `headers` are
        signed, and they hold `host` and `x-amz-date` in the form of `amz_date`; `body_hash` is the body's SHA-256 in
        hex, or `UNSIGNED`.
        """
        lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
        names = ";".join(sorted(lower))
        lines = "".join(f"{name}:{lower[name]}\n" for name in sorted(lower))
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{body_hash}"
        scope = f"{now:%Y%m%d}/{self.region}/{self.service}/aws4_request"
        to_sign = f"{_ALGORITHM}\n{amz_date(now)}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key(now), to_sign.encode(), hashlib.sha256).hexdigest()
        return f"{_ALGORITHM} Credential={self.access_key_id}/{scope},SignedHeaders={names},Signature={signature}"

    def _key(self, now: datetime) -> bytes:
        key = b"AWS4" + self.secret_access_key.get_secret_value().encode()
        for part in (f"{now:%Y%m%d}", self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), hashlib.sha256)
        return key


def amz_date(now: datetime) -> str:
    """Return a moment (UTC) as `x-amz-date` has it."""
    return f"{now:%Y%m%dT%H%M%SZ}"


def canonical_path(path: str, service: str) -> str:
    """Return a decoded path as it is signed: encoded once for S3, twice for all others."""
    encoded = quote(path, safe="/-_.~")
    return encoded if service == _S3 else quote(encoded, safe="/-_.~")


def canonical_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Return parameters as they are signed: encoded, in the order of their encoded names and values."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in pairs)


def content_hash(body: bytes) -> str:
    """Return what stands for a body in what is signed."""
    return hashlib.sha256(body).hexdigest()


def signed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those of a request's headers that are signed; names are in lower case."""
    return {name: value for name, value in headers.items() if name in _SIGNED or name.startswith(_OWN)}
