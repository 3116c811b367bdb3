"""What leaves for models: how much of which kind from where, as planes count it, and what of it is switched off.

No text of a call is in any of it.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bailiwick.core.messages.base import Message

# Where in a body something stands. What is in none of the known places is "unread", which every switch of a place is
# about, too.
Place = Literal[
    "system",
    "user",
    "assistant",
    "tool-definitions",
    "tool-arguments",
    "tool-results",
    "tool-files",
    "files",
    "input",
    "settings",
    "unread",
]
MOST_LINES = 500
# Whom counts are of that would be too many by name.
OTHERS = "others"


class OutflowSeen(Message):
    """What of one place went to a model from one app and person over a period.

    With a `data_class`, `found` values of it were found there and `redacted` of them did not leave; without one, it is
    about all that stands there: `bytes` left in `calls`. Of `refused` calls nothing left. `app` is empty for whoever
    calls with a token, `person` for an app that serves nobody.
    """

    model: str = Field(max_length=80)
    app: str = Field(max_length=200)
    person: str = Field(max_length=600)
    place: Place
    data_class: str = Field(default="", max_length=60)
    calls: int = Field(default=0, ge=0)
    bytes: int = Field(default=0, ge=0)
    found: int = Field(default=0, ge=0)
    redacted: int = Field(default=0, ge=0)
    refused: int = Field(default=0, ge=0)
    first: datetime
    last: datetime


class OutflowReport(Message):
    """What left for models since the report before."""

    kind: Literal["outflows"] = "outflows"
    lines: tuple[OutflowSeen, ...] = Field(max_length=MOST_LINES)


class OutflowSwitch(Message):
    """Something that goes to no model any more: calls that have it are refused.

    What is empty is any: `model` and `app` by name, `person` as a principal is written, a place of the body, a class of
    data wherever it is found. `by` switched it off at `time`, for a reason.
    """

    id: str = Field(max_length=60)
    model: str = Field(default="", max_length=80)
    app: str = Field(default="", max_length=200)
    person: str = Field(default="", max_length=600)
    place: Place | Literal[""] = ""
    data_class: str = Field(default="", max_length=60)
    by: str = Field(max_length=600)
    reason: str = Field(max_length=2000)
    time: datetime
