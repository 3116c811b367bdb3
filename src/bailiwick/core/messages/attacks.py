"""What came of attacking a plane's own sandboxes, as it reports."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bailiwick.core.messages.base import Message

_Name = Annotated[str, Field(max_length=200)]


class AttacksReport(Message):
    """What came of all attempts to get out of a sandbox of this plane.

    `proved` of them were held and do lead out where there is no sandbox, `unproved` lead nowhere on this host either,
    `escaped` got out. `left_out` is what was not tried, or is not kept at a level, with its reason; where nothing could
    be tried, `untried` says why.
    """

    kind: Literal["attacks"] = "attacks"
    level: str = Field(default="", max_length=200)
    kernel: str = Field(max_length=200)
    attempts: int = Field(default=0, ge=0)
    proved: int = Field(default=0, ge=0)
    unproved: tuple[_Name, ...] = Field(default=(), max_length=1000)
    escaped: tuple[_Name, ...] = Field(default=(), max_length=1000)
    left_out: tuple[_Name, ...] = Field(default=(), max_length=100)
    untried: str = Field(default="", max_length=500)
    time: datetime

    @property
    def held(self) -> bool:
        """Whether attempts were made, and none got out."""
        return not self.escaped and not self.untried and self.attempts > 0
