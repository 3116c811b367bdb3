"""What a plane asks the control plane, and what it is answered."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bailiwick.core.messages.base import Message


class SecretValue(Message):
    """A credential on its way to the gateway that needs it, over mutual TLS only.

    `account` is who signs in with it, empty where the connection says so; `version` counts from 1, 0 where unknown.
    """

    name: str
    value: str = Field(repr=False)
    version: int = 0
    account: str = ""


class PassRequest(Message):
    """The router has a one-time code that a browser brought back, and asks for the pass behind it.

    In the mode `grants` it is for the plane's own page that shows drafts of grants, and `app` is that plane.
    """

    code: str = Field(repr=False)
    app: str
    mode: Literal["preview", "production", "grants"]
    verifier: str = Field(repr=False)
    branch: str = ""


class TokenShown(Message):
    """Somebody shows an access token at the plane's model gateway, which asks for the pass behind it."""

    token: str = Field(repr=False, max_length=500)


class PassAnswer(Message):
    """The pass of the person who signed in, and the key that signs passes."""

    token: str = Field(repr=False)
    expires: datetime


class PersonTokenRequest(Message):
    """The gateway needs a token with which a person's consent lets an app call an integration.

    `refused` is the SHA-256 (hex) of a token that the service did not take, empty where none was shown.
    """

    integration: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")
    app: str = Field(pattern=r"^[!-~]{1,300}$")
    person: str = Field(pattern=r"^[^\x00-\x20\x7f]{1,254}$")
    refused: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class PersonTokenAnswer(Message):
    """A token of a person, for how many seconds it may be kept, and by which consent; `key` is the private key (a JWK
    as JSON) that it is bound to, empty for none.
    """

    consent: str
    token: str = Field(repr=False)
    seconds: float = Field(ge=0)
    key: str = Field(default="", repr=False, max_length=2000)


class StateTaken(Message):
    """That a plane acts on the desired state of this version: what it took away is allowed no more."""

    message_version: Literal[1] = 1
    version: int


class PlaneWelcome(Message):
    """What a plane must know before all else: whose signatures count for what (public keys in base64)."""

    message_version: Literal[1] = 1
    plane: str
    downlink_key: str
    pass_key: str
    review_keys: tuple[str, ...]
    approval_keys: tuple[str, ...]
    release_keys: tuple[str, ...]
