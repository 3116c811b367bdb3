"""Values in AWS Secrets Manager: the one that is current, the one before, or a version by its id."""

import json
from typing import Any

from bailiwick.control.vault.errors import (
    SecretNotFoundError,
    StoreRefusedError,
    StoreUnavailableError,
    StoreVersionError,
)
from bailiwick.control.vault.places import read_outside
from bailiwick.control.vault.stores.fields import text_of
from bailiwick.control.vault.stores.options import AwsSecretsOptions
from bailiwick.control.vault.stores.provider import Found, Spot

_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 3, 5, 2
_STAGES = frozenset({"AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"})
_REFUSED = frozenset(
    {
        "AccessDeniedException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "DecryptionFailure",
        "ExpiredTokenException",
    }
)


class AwsSecretsStore:
    """Whoever asks needs `secretsmanager:GetSecretValue` on what lies below `under`, and nothing else."""

    def __init__(self, name: str, options: AwsSecretsOptions) -> None:
        """Remember where it is."""
        self._name = name
        self._options = options
        self._session: Any = None

    def __repr__(self) -> str:
        return f"AwsSecretsStore({self._options.region}, {self._options.under})"

    def read(self, spot: Spot) -> Found:
        """Return the text, or a field of it where one is named: then it is JSON."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an optional dependency
        except ImportError:
            raise StoreUnavailableError("boto3 is not installed", hint='pip install "bailiwick[aws-kms]"') from None
        try:
            answer = self._client().get_secret_value(SecretId=spot.path, **_which(spot))
        except ClientError as fault:
            raise self._explained(spot, str(fault.response.get("Error", {}).get("Code", ""))) from None
        except BotoCoreError as fault:
            raise StoreUnavailableError(
                f"the store '{self._name}' cannot be asked ({type(fault).__name__})",
                hint="is it reached from here (endpoint, region), and does this host have credentials?",
            ) from None
        text = answer.get("SecretString")
        if not isinstance(text, str) or not text:
            raise StoreVersionError(f"{spot.words} is no text", hint="store it there as a string")
        value = text_of(spot, _fields(spot, text), spot.field) if spot.field else text
        return Found(value, str(answer.get("VersionId", "")), answer.get("CreatedDate"))

    def _client(self) -> Any:
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        options = self._options
        try:
            secret = read_outside(options.secret_access_key) if options.secret_access_key is not None else None
        except SecretNotFoundError as fault:
            raise StoreUnavailableError(f"the store '{self._name}' cannot be opened: {fault.message}") from None
        if self._session is None:
            self._session = boto3.session.Session()  # remembers how AWS is spoken to, which takes long to read
        # Without a key of its own, boto3 finds the role of the host or container, which is better.
        return self._session.client(
            "secretsmanager",
            region_name=options.region,
            endpoint_url=options.endpoint,
            aws_access_key_id=options.access_key_id,
            aws_secret_access_key=secret.get_secret_value() if secret is not None else None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": _ATTEMPTS}
            ),
        )

    def _explained(self, spot: Spot, code: str) -> StoreRefusedError | StoreVersionError | StoreUnavailableError:
        if code in _REFUSED:
            return StoreRefusedError(
                f"the store '{self._name}' denies reading {spot.path}",
                hint="allow secretsmanager:GetSecretValue on it, and the use of its key",
            )
        if code == "ResourceNotFoundException":
            which = f"{spot.pinned} of {spot.words}" if spot.pinned else spot.words
            return StoreVersionError(f"there is no {which}", hint="is its name right, and the region of the store?")
        if code in {"InvalidRequestException", "InvalidParameterException"}:
            return StoreVersionError(f"{spot.words} is being deleted, or has no such version", hint="restore it there")
        return StoreUnavailableError(
            f"the store '{self._name}' cannot be asked ({code or 'no reason given'})", hint="see AWS CloudTrail"
        )


def _which(spot: Spot) -> dict[str, str]:
    if not spot.pinned:
        return {"VersionStage": "AWSCURRENT"}
    return {"VersionStage": spot.pinned} if spot.pinned in _STAGES else {"VersionId": spot.pinned}


def _fields(spot: Spot, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreVersionError(f"{spot.store}:{spot.path} holds no JSON with fields", hint="name it without a field")
    return found
