"""What a data plane says of its settings: what it runs with, and what its file says otherwise since."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bailiwick.core.statements import Envelope, Keyring, SignatureError, SigningKey, open_envelope, seal

PAYLOAD_TYPE = "application/vnd.bailiwick.plane-settings+json"
_Word = Annotated[str, StringConstraints(max_length=4000)]


class PlaneSettings(BaseModel):
    """The settings of a plane by their dotted names, secrets by name only; `owner` and `changed` are of the file.

    `drift` is what the file says otherwise, a line each: it was changed after the plane was started.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plane: str = Field(max_length=100)
    time: datetime
    product: str = Field(max_length=100)
    file: str = Field(max_length=1000)
    owner: str = Field(max_length=200)
    changed: datetime | None
    settings: dict[_Word, _Word] = Field(max_length=1000)
    drift: tuple[_Word, ...] = Field(default=(), max_length=50)


def sign_settings(said: PlaneSettings, key: SigningKey) -> Envelope:
    """Return it in an envelope that the plane signed."""
    return seal(said.model_dump_json().encode(), key, PAYLOAD_TYPE)


def read_settings(envelope: Envelope, ring: Keyring) -> PlaneSettings:
    """Return what a plane said; raise `SignatureError` when it did not say it, or it is nothing of the kind."""
    try:
        return PlaneSettings.model_validate_json(open_envelope(envelope, ring, PAYLOAD_TYPE))
    except ValidationError as fault:
        raise SignatureError("the plane does not say what its settings are") from fault
