"""What a plane is asked for somebody who waits, and what it answers at once: lines of an app's log, rows as an app sees
them.

Each question brings a pass of whoever asks, so that the plane decides by itself whether they may know.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages.base import Message
from bailiwick.core.modes import Mode

# The modes of passes that come with questions: they open no app.
LOG_MODE: Literal["app-log"] = "app-log"
ROWS_MODE: Literal["sample"] = "sample"
MOST_LOG_LINES = 500
LONGEST_WAIT_SECONDS = 20.0
LOG_SEVERITIES = ("trace", "debug", "info", "warn", "error", "fatal")
Severity = Literal["", "trace", "debug", "info", "warn", "error", "fatal"]
MOST_SAMPLED_ROWS = 10
MOST_SAMPLED_COLUMNS = 200
# Of a sampled value: it shows what a column holds, it is no way to get the data.
LONGEST_SAMPLED_VALUE = 200


class LogWanted(Message):
    """The newest lines that an app wrote: after the line of a number, from a time on, with a text or of a trace.

    With `severity` only records that were sent with that one or a worse one: what is written to an output has none.

    With `wait_seconds` the plane waits so long for the first one.
    """

    kind: Literal["app-log"] = "app-log"
    app: str = Field(max_length=300)
    mode: Mode
    branch: str = Field(default="", max_length=200)
    last: int = Field(default=50, ge=1, le=MOST_LOG_LINES)
    after: int = Field(default=0, ge=0)
    since: AwareDatetime | None = None
    text: str = Field(default="", max_length=200, repr=False)
    trace: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    severity: Severity = ""
    wait_seconds: float = Field(default=0, ge=0, le=LONGEST_WAIT_SECONDS)


class RowsWanted(Message):
    """The first rows of a table, as an app's preview would show them to whoever asks.

    `integration` is as the app's code calls it, `data_classes` what the app declares.
    """

    kind: Literal["sample"] = "sample"
    app: str = Field(max_length=300)
    integration: str = Field(max_length=63)
    table: str = Field(max_length=127)
    rows: int = Field(default=5, ge=1, le=MOST_SAMPLED_ROWS)
    data_classes: frozenset[str] = frozenset()


class AskOrder(Message):
    """A question to one plane; `token` is the pass of whoever asks, `address` where they ask from, as far as known."""

    kind: Literal["ask"] = "ask"
    id: str = Field(max_length=60)
    plane: str = Field(max_length=100)
    token: str = Field(max_length=20_000, repr=False)
    address: str = Field(default="", max_length=100)
    wanted: Annotated[LogWanted | RowsWanted, Field(discriminator="kind")]


class LogLine(Message):
    """A line that an app wrote. `part` is what of it wrote the line, `trace` the request that it was written for.

    Records that it sent as OpenTelemetry has them have a `severity`.
    """

    number: int = Field(ge=0)
    time: datetime
    release: str = Field(max_length=100)
    part: str = Field(max_length=100)
    text: str = Field(max_length=8000, repr=False)
    trace: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    severity: Severity = ""


class LogAnswer(Message):
    """Lines, oldest first; `more` says that older ones fit, too."""

    kind: Literal["app-log"] = "app-log"
    lines: tuple[LogLine, ...] = Field(max_length=MOST_LOG_LINES)
    more: bool = False


class RowsAnswer(Message):
    """Rows in text form, None for null; `masks` names the masks of columns."""

    kind: Literal["sample"] = "sample"
    columns: tuple[str, ...] = Field(max_length=MOST_SAMPLED_COLUMNS)
    masks: Mapping[str, str]
    rows: tuple[tuple[str | None, ...], ...] = Field(max_length=MOST_SAMPLED_ROWS, repr=False)


class RefusedAnswer(Message):
    """Why a plane does not answer, as an error says it."""

    kind: Literal["refused"] = "refused"
    code: str = Field(max_length=100)
    status: int = Field(ge=400, le=599)
    words: str = Field(max_length=2000)
    hint: str = Field(default="", max_length=1000)
    deciders: tuple[str, ...] = ()


AnyAnswer = LogAnswer | RowsAnswer | RefusedAnswer


class PlaneAnswer(Message):
    """An answer to the question of this id."""

    message_version: Literal[1] = 1
    id: str = Field(max_length=60)
    answer: Annotated[AnyAnswer, Field(discriminator="kind")]


def refused(fault: BailiwickError) -> RefusedAnswer:
    """Return an error as the answer to a question."""
    return RefusedAnswer(
        code=fault.code[:100],
        status=fault.status if 400 <= fault.status <= 599 else 500,  # noqa: PLR2004 - RFC 9110, section 15
        words=fault.message[:2000],
        hint=fault.hint[:1000],
        deciders=tuple(fault.deciders),
    )
