"""What goes down the stream of a plane: its desired state, orders that do not wait for one, and heartbeats."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from bailiwick.core.events import canonical_json
from bailiwick.core.messages.asking import AskOrder
from bailiwick.core.messages.base import Message
from bailiwick.core.messages.state import DesiredState
from bailiwick.core.modes import PREVIEW, PRODUCTION, Mode
from bailiwick.core.stops import StopScope

STATE_TYPE = "application/vnd.bailiwick.downlink.v1+json"


class KillOrder(Message):
    """Stop what a scope covers, in these modes, now; the state that says so for good follows.

    `apps` are a builder's. What is in flight may take `drain_seconds` yet.
    """

    kind: Literal["kill"] = "kill"
    scope: StopScope
    modes: tuple[Mode, ...] = (PREVIEW, PRODUCTION)
    because: str
    drain_seconds: int = 0
    apps: tuple[str, ...] = ()


class RunJobOrder(Message):
    """Run a job of an app's production release once, now; `run` names this run."""

    kind: Literal["run-job"] = "run-job"
    app: str
    job: str
    run: str
    asked_by: str


class EnqueueOrder(Message):
    """Put a message into the queue of a worker, or (`revive`) give out anew what it gave up; `message` is JSON."""

    kind: Literal["enqueue"] = "enqueue"
    app: str
    mode: Mode
    worker: str = Field(max_length=40)
    message: str = Field(default="", max_length=64 * 1024, repr=False)
    revive: bool = False
    asked_by: str


class RestoreOrder(Message):
    """Put an app's own database back as a snapshot holds it, or, without one, as it was at a moment."""

    kind: Literal["restore-database"] = "restore-database"
    app: str
    mode: Literal["preview", "production"]
    snapshot: str = ""
    moment: datetime | None = None
    asked_by: str

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.snapshot) is (self.moment is not None):
            raise ValueError("a snapshot or a moment")
        return self


class AttackOrder(Message):
    """Attack the sandboxes of a plane now, and report what came of it."""

    kind: Literal["attack"] = "attack"
    plane: str = Field(max_length=100)


class Heartbeat(Message):
    """The control plane is there; leases are renewed."""

    kind: Literal["heartbeat"] = "heartbeat"
    time: datetime


AnyDownlink = DesiredState | KillOrder | RunJobOrder | EnqueueOrder | RestoreOrder | AttackOrder | AskOrder | Heartbeat
Downlink = Annotated[AnyDownlink, Field(discriminator="kind")]
_DOWNLINK: TypeAdapter[AnyDownlink] = TypeAdapter(Downlink)


def encode_downlink(message: Message) -> bytes:
    """Return the bytes of a message to a plane, as they are signed."""
    return canonical_json(message.model_dump(mode="json", by_alias=True))


def decode_downlink(payload: bytes) -> AnyDownlink:
    """Read a message to a plane; raises pydantic's `ValidationError` when it is not one."""
    return _DOWNLINK.validate_json(payload)
