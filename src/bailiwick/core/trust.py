"""Whose signatures count: the keys of each purpose, how one follows another, and what became of them.

A plane pins the first key of each purpose. Each later one is endorsed by the one before it, so that a plane follows
without trusting whoever tells it; keys that ended are told with its desired state, and only ever take trust away.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bailiwick.core.chain import TrustedKeys
from bailiwick.core.statements import Envelope, Keyring, SignatureError, SigningKey, key_id, open_envelope, seal

Purpose = Literal["review", "approval", "release"]
PURPOSES: tuple[Purpose, ...] = ("review", "approval", "release")
KEY_TYPE = "application/vnd.bailiwick.signing-key.v1+json"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class PublishedKey(BaseModel):
    """A public key (base64 of 32 bytes): its purpose, since when, and from when it does not count any more.

    `revoked` says that it was ended because somebody else may have it, not because its time was over; `stops` that
    what it signed is stopped where it runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    purpose: Purpose
    public: str
    since: datetime
    ends: datetime | None = None
    revoked: bool = False
    because: str = ""
    stops: bool = False

    def counts(self, now: datetime) -> bool:
        """Whether its signatures are good at a time."""
        return self.ends is None or now < self.ends


class KeyFile(BaseModel):
    """The keys of an installation, as a file that goes with bundles."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    keys: tuple[PublishedKey, ...] = Field(max_length=1000)


class KeyChanges(BaseModel):
    """What became of the pinned keys: the endorsements of those that followed, oldest first, and the keys that end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endorsements: tuple[Envelope, ...] = ()
    ending: tuple[PublishedKey, ...] = ()


def endorse(key: PublishedKey, by: SigningKey) -> Envelope:
    """Return the word of a key that another one of its purpose follows it."""
    return seal(key.model_dump_json().encode(), by, KEY_TYPE)


def known_keys(pinned: Mapping[Purpose, Sequence[str]], changes: KeyChanges) -> tuple[PublishedKey, ...]:
    """Return every key that follows from those that were pinned, with what became of it.

    Raises `SignatureError` for a key that the one before it did not endorse.
    """
    found = {
        purpose: [PublishedKey(id=key_id(text), purpose=purpose, public=text, since=_EVER) for text in texts]
        for purpose, texts in pinned.items()
    }
    for envelope in changes.endorsements:
        claimed = _read(envelope.payload_bytes())
        newest = found[claimed.purpose][-1]
        named = _read(open_envelope(envelope, Keyring.of([newest.public]), KEY_TYPE))
        if named.id != key_id(named.public):
            raise SignatureError("a key is endorsed under another id than its own")
        found[named.purpose].append(named.model_copy(update={"ends": None, "revoked": False}))
    ending = {key.id: key for key in changes.ending}
    return tuple(
        key.model_copy(update=_end_of(ending[key.id])) if key.id in ending else key
        for keys in found.values()
        for key in keys
    )


def trusted_at(keys: Iterable[PublishedKey], now: datetime) -> TrustedKeys:
    """Return the keyrings of a time; keys that ended are remembered, so that a refusal says what became of them."""
    known = tuple(keys)
    review, approval, release = (_ring([key for key in known if key.purpose == name], now) for name in PURPOSES)
    return TrustedKeys(review, approval, release)


def read_keys(text: str | bytes) -> KeyFile:
    """Read a key file; raise `SignatureError` when it is not one."""
    try:
        return KeyFile.model_validate_json(text)
    except ValidationError as fault:
        raise SignatureError("not a file of keys", hint="bailiwick key list --json writes one") from fault


def _read(payload: bytes) -> PublishedKey:
    try:
        return PublishedKey.model_validate_json(payload)
    except ValidationError as fault:
        raise SignatureError("an endorsement names no key") from fault


def _end_of(key: PublishedKey) -> dict[str, object]:
    return {"ends": key.ends, "revoked": key.revoked, "because": key.because, "stops": key.stops}


def _ring(keys: list[PublishedKey], now: datetime) -> Keyring:
    ring = Keyring.of(key.public for key in keys if key.counts(now))
    ended = {key.id: _became(key) for key in keys if not key.counts(now)}
    return Keyring(ring.keys, ended)


def _became(key: PublishedKey) -> str:
    words = f"{'was revoked' if key.revoked else 'ended'} on {key.ends:%Y-%m-%d %H:%M}"
    return f"{words}: {key.because}" if key.because else words
