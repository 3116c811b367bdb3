"""What passes between a client, a person and the authorization server, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime

from bailiwick.control.identity.oauth.clients import Client
from bailiwick.core.policy import StepUp


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where the answer to an authorization request goes: checked to be the client's own, on this machine."""

    client: Client
    redirect_uri: str
    state: str


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asks a person for: tokens for these doors, on proof of the challenge's verifier, after a sign-in
    that is as `wanted`.
    """

    to: ReturnAddress
    challenge: str
    audiences: tuple[str, ...]
    wanted: StepUp


@dataclass(frozen=True, slots=True)
class Granted:
    """What a person's yes was worth: who said it, how they had signed in, and what it lets whom do.

    `agent` works for them with what comes of it, where the client is one's.
    """

    client: str
    audiences: tuple[str, ...]
    email: str
    epoch: int
    authenticated: datetime | None
    second_factor: bool
    agent: str = ""


@dataclass(frozen=True, slots=True)
class DeviceCodes:
    """What a program without a browser is given: the secret it polls with, and the code that a person types."""

    device_code: str = field(repr=False)
    user_code: str
    expires_seconds: int
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class DeviceAsks:
    """What a person sees before they answer a device: which program, from where, since when, for which doors."""

    client: Client
    audiences: tuple[str, ...]
    address: str
    created: datetime
    wanted: StepUp


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token for one door, and the refresh token that gets the next one."""

    access_token: str = field(repr=False)
    expires_seconds: int
    refresh_token: str = field(repr=False)
    audience: str
