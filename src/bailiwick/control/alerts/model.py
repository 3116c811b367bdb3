"""What a rule says, what an alert is, and what is silent."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_NAME = r"[a-z0-9][a-z0-9-]{0,59}"
_RECEIVER = re.compile(
    r"(mail:[^\s@]{1,100}@[^\s@]{1,150}|chat:[a-z0-9][a-z0-9-]{0,39}|pager:[A-Za-z0-9][\w./-]{0,199})"
)
Text = Annotated[str, Field(max_length=300)]


def _known(receivers: tuple[str, ...]) -> tuple[str, ...]:
    for one in receivers:
        if not _RECEIVER.fullmatch(one):
            raise ValueError("a receiver is mail:ADDRESS, chat:WEBHOOK or pager:SECRET, which holds a routing key")
    return receivers


Receivers = Annotated[tuple[str, ...], Field(max_length=10), AfterValidator(_known)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(_Strict):
    """What a fact of an event must be: a text with `*`, or a number of at least so much."""

    like: Text = ""
    at_least: float | None = None


class Match(_Strict):
    """Which events count; `*` stands for anything, and what is empty holds for all."""

    actions: tuple[Text, ...] = Field(min_length=1, max_length=20, description="anomaly.found, app.killed, secret.*")
    outcome: Literal["", "success", "refused", "failed"] = ""
    resource: Text = ""
    actor: Text = ""
    app: Text = ""
    facts: dict[Annotated[str, Field(max_length=60)], Fact] = Field(default_factory=dict, max_length=10)


class AlertRule(_Strict):
    """When an alert is raised, how it is grouped, whom it tells, and whom when nobody answers."""

    name: str = Field(pattern=f"^{_NAME}$")
    match: Match
    at_least: int = Field(default=1, ge=1, le=1000, description="so many events of one group")
    within_minutes: int = Field(default=5, ge=1, le=1440)
    group_by: tuple[Literal["resource", "actor", "app", "action"], ...] = ("resource",)
    severity: Literal["critical", "error", "warning", "info"] = "warning"
    tell: Receivers = ()
    escalate_after_minutes: int = Field(default=0, ge=0, le=1440, description="0: never")
    escalate_to: Receivers = ()


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule that held for a group of events; what is the same while it stands is counted with it."""

    id: str
    rule: str
    key: str
    severity: str
    words: str
    state: AlertState
    first: datetime
    last: datetime
    times: int
    silenced: str
    escalated: datetime | None
    answered_by: str
    event: int


@dataclass(frozen=True, slots=True)
class Silence:
    """That a rule, or all of them, tell nobody of some groups until a time."""

    id: str
    rule: str
    key: str
    reason: str
    by: str
    until: datetime
