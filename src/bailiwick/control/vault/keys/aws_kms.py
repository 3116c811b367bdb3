"""The company's key in AWS KMS: it never leaves it, and each use is bound to the tenant by the encryption context.

The settings name a key or, better, an alias: whoever points the alias at another key changes the company's key. Needed
are `kms:Encrypt`, `kms:Decrypt` and `kms:DescribeKey`; `kms:RotateKeyOnDemand` only where Bailiwick is to rotate, and
`kms:DisableKey` and `kms:ScheduleKeyDeletion` only where it is to destroy.
"""

from collections.abc import Callable
from typing import Any

from bailiwick.control.vault.errors import KeyUnavailableError
from bailiwick.control.vault.keys.credential import credential
from bailiwick.control.vault.keys.options import AwsKmsOptions
from bailiwick.control.vault.keys.provider import Wrapped

KIND = "aws-kms"
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 3, 5, 2
_LEAST_DAYS = 7  # the shortest that KMS takes for a deletion

_DISABLED = frozenset({"DisabledException", "KMSInvalidStateException", "KeyUnavailableException"})
_REFUSED = frozenset(
    {"AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch"}
)
_OTHER = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class AwsKmsKeyProvider:
    """A symmetric key of AWS KMS; a version of ours is a whole key there (KMS keeps its own versions to itself)."""

    def __init__(self, options: AwsKmsOptions) -> None:
        """Remember where the key is; nothing is asked of KMS until a key is needed."""
        self._options = options
        self._session: Any = None

    def __repr__(self) -> str:
        return f"AwsKmsKeyProvider({self._options.key})"

    @property
    def kind(self) -> str:
        """What the settings call it."""
        return KIND

    def present(self) -> str:
        """Return the name of the key that the settings' key or alias is now."""
        found = self._asked(lambda kms: kms.describe_key(KeyId=self._options.key))["KeyMetadata"]
        if not found["Enabled"]:
            raise self._explained("DisabledException")
        return f"{KIND}:{found['Arn']}"

    def wrap(self, key: bytes, tenant: str) -> Wrapped:
        """Return the key, wrapped."""
        name = self.present()
        sealed = self._asked(
            lambda kms: kms.encrypt(KeyId=_arn(name), Plaintext=key, EncryptionContext=_context(tenant))
        )
        return Wrapped(name, sealed["CiphertextBlob"])

    def unwrap(self, wrapped: Wrapped, tenant: str) -> bytes:
        """Return the key."""
        opened = self._asked(
            lambda kms: kms.decrypt(
                KeyId=_arn(wrapped.kek_id), CiphertextBlob=wrapped.blob, EncryptionContext=_context(tenant)
            )
        )
        return bytes(opened["Plaintext"])

    def rotate(self) -> str:
        """Have KMS make new material for the key; where the alias points at another key by now, that was enough."""
        name = self.present()
        self._asked(lambda kms: kms.rotate_key_on_demand(KeyId=_arn(name)))
        return name

    def settle(self) -> None:
        """Older material and keys stay in KMS: backups that were made before need them."""

    def destroy(self) -> str:
        """Disable the key now, and have KMS delete it after the shortest time that it takes."""
        arn = _arn(self.present())
        key = arn.rpartition("/")[2]
        self._asked(lambda kms: kms.disable_key(KeyId=key))
        self._asked(lambda kms: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=_LEAST_DAYS))
        return f"{arn} is disabled, and KMS deletes it in {_LEAST_DAYS} days unless somebody there cancels it"

    def _asked(self, ask: Callable[[Any], Any]) -> Any:
        """Return what KMS answers; say what is wrong in words that hold no credential."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an optional dependency
        except ImportError:
            raise KeyUnavailableError("boto3 is not installed", hint='pip install "bailiwick[aws-kms]"') from None
        try:
            return ask(self._client())
        except ClientError as fault:
            raise self._explained(str(fault.response.get("Error", {}).get("Code", ""))) from None
        except BotoCoreError as fault:
            raise KeyUnavailableError(
                f"AWS KMS cannot be asked ({type(fault).__name__})",
                hint="is it reached from here (endpoint, region), and does this host have credentials?",
            ) from None

    def _client(self) -> Any:
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        secret = self._options.secret_access_key
        if self._session is None:
            self._session = boto3.session.Session()  # remembers how KMS is spoken to, which takes long to read
        # Without a key of its own, boto3 finds the role of the host or container, which is better.
        return self._session.client(
            "kms",
            region_name=self._options.region,
            endpoint_url=self._options.endpoint,
            aws_access_key_id=self._options.access_key_id,
            aws_secret_access_key=credential(secret).get_secret_value() if secret is not None else None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": _ATTEMPTS}
            ),
        )

    def _explained(self, code: str) -> KeyUnavailableError:
        key = f"the key {self._options.key} in AWS KMS"
        if code in _DISABLED:
            return KeyUnavailableError(f"{key} is disabled or being deleted", hint="enable it there, if that is right")
        if code in _REFUSED:
            return KeyUnavailableError(
                f"AWS KMS refuses these credentials the use of {self._options.key}",
                hint="allow kms:Encrypt, kms:Decrypt and kms:DescribeKey for them on this key",
            )
        if code == "NotFoundException":
            return KeyUnavailableError(
                f"{key} is not there", hint="was it deleted, or is vault_keys.present.key or region wrong?"
            )
        if code in _OTHER:
            return KeyUnavailableError(
                f"{key} did not wrap this, or it was changed, or is another tenant's",
                hint="find out who wrote to the database; restore a backup from before",
            )
        return KeyUnavailableError(f"{key} cannot be used ({code or 'no reason given'})", hint="see AWS CloudTrail")


def _arn(name: str) -> str:
    return name.removeprefix(f"{KIND}:")


def _context(tenant: str) -> dict[str, str]:
    return {"bailiwick-tenant": tenant}
