"""AWS Signature Version 4: how requests to S3 and to what speaks its protocol are signed.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for which region and service."""

    access_key_id: str
    secret_access_key: SecretStr
    region: str
    service: str = "s3"

    def authorization(self, method: str, path: str, headers: Mapping[str, str], body_hash: str, now: datetime) -> str:
        """Return the value of `Authorization`. `path` is percent-encoded; all of `headers` are signed, and they hold
        `host` and `x-amz-date` in the form of `amz_date`; `body_hash` is the body's SHA-256 in hex.
        """
        lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
        names = ";".join(sorted(lower))
        lines = "".join(f"{name}:{lower[name]}\n" for name in sorted(lower))
        canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{body_hash}"
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
