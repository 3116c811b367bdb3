"""What the settings say of stores: where each is, what opens it, whose it is, and which part of it may be named."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bailiwick.control.protected_urls import ProtectedUrl
from bailiwick.control.vault.keys.options import Outside
from bailiwick.control.vault.model import Environment

_PART = r"[A-Za-z0-9_+=,@-][A-Za-z0-9_.+=,@-]*"
_PATH = re.compile(rf"{_PART}(/{_PART})*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_OWN = "BAILIWICK_"
_LONGEST_PATH, _SHORTEST_PREFIX = 400, 4

StoreName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}$")]
_Mount = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*$", max_length=200)]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$")]


def _is_path(text: str) -> str:
    if not _PATH.fullmatch(text) or len(text) > _LONGEST_PATH:
        raise ValueError("a path is names with / between them, and none begins with a dot")
    return text


_Path = Annotated[str, AfterValidator(_is_path)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TokenAuth(_Section):
    """A token, which an agent of the store's may keep fresh."""

    method: Literal["token"]
    token: Outside


class AppRoleAuth(_Section):
    """An AppRole: both of its halves are read anew for each sign-in."""

    method: Literal["approle"]
    mount: _Mount = "approle"
    role_id: Outside
    secret_id: Outside


class JwtAuth(_Section):
    """A token of Kubernetes or of another issuer that the store trusts, as a file that is kept fresh."""

    method: Literal["kubernetes", "jwt"]
    mount: _Mount | None = None
    role: _Name
    jwt: Outside


Auth = Annotated[TokenAuth | AppRoleAuth | JwtAuth, Field(discriminator="method")]


class _Store(_Section):
    """Secrets that lie here belong to `folder` or below (the organisation: anywhere), and are of this environment."""

    environment: Environment
    folder: str = Field(default="", max_length=240)


class OpenBaoOptions(_Store):
    """A server of OpenBao or HashiCorp Vault, and how to sign in there."""

    address: ProtectedUrl
    namespace: str | None = None
    ca: Path | None = None
    auth: Auth


class KvOptions(OpenBaoOptions):
    """The KV engine, version 2. Only what lies below `under` may be named."""

    kind: Literal["kv"]
    mount: _Mount = "secret"
    under: _Path

    def allows(self, path: str) -> bool:
        """Return whether a secret may lie there."""
        return bool(_PATH.fullmatch(path)) and path.startswith(f"{self.under}/")


class DatabaseAccountOptions(OpenBaoOptions):
    """The database engine: accounts of these `roles`, each with a lease."""

    kind: Literal["openbao-database"]
    mount: _Mount = "database"
    roles: frozenset[_Name] = Field(min_length=1)

    def allows(self, path: str) -> bool:
        """Return whether accounts of a role may be had."""
        return path in self.roles


class AwsSecretsOptions(_Store):
    """AWS Secrets Manager in a region. Only names that begin with `under` and a slash may be named."""

    kind: Literal["aws-secrets-manager"]
    region: str = Field(pattern=r"^[a-z0-9-]{4,40}$")
    endpoint: ProtectedUrl | None = None
    access_key_id: str | None = None
    secret_access_key: Outside | None = None
    under: _Path

    def allows(self, path: str) -> bool:
        """Return whether a secret may lie there."""
        return bool(_PATH.fullmatch(path)) and path.startswith(f"{self.under}/")


def _is_prefix(text: str) -> str:
    if not _VARIABLE.fullmatch(text) or len(text) < _SHORTEST_PREFIX or not text.endswith("_"):
        raise ValueError("a prefix is capital letters, digits and _, four characters or more, and ends in _")
    if text.startswith(_OWN) or _OWN.startswith(text):
        raise ValueError(f"{_OWN}… is what the platform itself is told by, and no store")
    return text


class OperatorEnvironmentOptions(_Store):
    """Variables of the control plane's environment whose names begin with `prefix`, as they are at its start."""

    kind: Literal["environment"]
    prefix: Annotated[str, AfterValidator(_is_prefix)]

    def allows(self, path: str) -> bool:
        """Return whether a variable may be named."""
        return bool(_VARIABLE.fullmatch(path)) and path.startswith(self.prefix) and path != self.prefix


StoreOptions = Annotated[
    KvOptions | DatabaseAccountOptions | AwsSecretsOptions | OperatorEnvironmentOptions, Field(discriminator="kind")
]
