"""What the settings say of the company's key: who holds it, where its credential is, how long opened keys are kept."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bailiwick.control.protected_urls import ProtectedUrl
from bailiwick.control.vault.places import SecretFrom


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _outside(place: SecretFrom) -> SecretFrom:
    if place.vault is not None:
        raise ValueError("what opens the vault cannot be in it: say file or env")
    return place


Outside = Annotated[SecretFrom, AfterValidator(_outside)]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


class LocalFileOptions(_Section):
    """A file; `vault.key` in the state directory where none is named."""

    provider: Literal["local-file"] = "local-file"
    file: Path | None = None


class Pkcs11Options(_Section):
    """A key by its label on a token by its label; `module` is the library of the HSM's maker."""

    provider: Literal["pkcs11"]
    module: Path
    token: str = Field(min_length=1, max_length=32)
    key: _Name = "bailiwick"
    pin: Outside


class AwsKmsOptions(_Section):
    """A symmetric key of AWS KMS by id, ARN or alias. Without an access key the role of the host counts."""

    provider: Literal["aws-kms"]
    key: str = Field(min_length=1, max_length=2048)
    region: str = Field(pattern=r"^[a-z0-9-]{4,40}$")
    endpoint: ProtectedUrl | None = None
    access_key_id: str | None = None
    secret_access_key: Outside | None = None


class TransitOptions(_Section):
    """A key of the transit engine of HashiCorp Vault or OpenBao."""

    provider: Literal["transit"]
    address: ProtectedUrl
    key: _Name = "bailiwick"
    mount: _Name = "transit"
    namespace: str | None = None
    token: Outside
    ca: Path | None = None


ProviderOptions = Annotated[
    LocalFileOptions | Pkcs11Options | AwsKmsOptions | TransitOptions, Field(discriminator="provider")
]


class KeyOptions(_Section):
    """Who holds the company's key. `previous` still opens what it wrapped, while keys move from one to the other.

    `cache_seconds` is how long an opened tenant key is kept, and so how long it goes on after the company's key was
    taken away. `own_key` says that the key is this installation's alone: shredding the tenant destroys it, too.
    """

    present: ProviderOptions = Field(default_factory=LocalFileOptions)
    previous: ProviderOptions | None = None
    cache_seconds: float = Field(default=300.0, ge=0, le=86_400)
    own_key: bool = False

    @property
    def in_state(self) -> bool:
        """Whether the company's key is a file of the state directory, which backups may take along."""
        return isinstance(self.present, LocalFileOptions) and self.present.file is None
