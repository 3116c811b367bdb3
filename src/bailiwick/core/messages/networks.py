"""What must not be reached from a plane, as it is told; and what came of trying, as it reports."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bailiwick.core.messages.base import Message

Reached = Literal["open", "refused", "silent", "unreachable", "unresolved", "untried"]
Source = Literal["plane", "sandbox", "control plane"]
_Port = Annotated[int, Field(ge=1, le=65_535)]


class Forbidden(Message):
    """An address that must not be reached; `what` is there, in words, such as `the production database of orders-db`.

    `used_here` says that the plane is told to use that same address itself, so that no firewall can part them.
    """

    what: str = Field(max_length=300)
    host: str = Field(max_length=300)
    port: _Port
    used_here: bool = False

    @property
    def address(self) -> str:
        """The address as people write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class NetworkRules(Message):
    """What a plane must not reach. Where networks are not to be `separate`, it is tried and told all the same.

    `untold` are the things whose addresses nobody said, in words: that they are not reached cannot be shown.
    """

    separate: bool = False
    forbidden: tuple[Forbidden, ...] = ()
    untold: tuple[str, ...] = ()


class NetworkTry(Message):
    """One attempt: from where, to what, and what came of it.

    Only `open` is a way through. `refused` and `silent` are a closed port and no answer, `unresolved` a name that is
    not known here; `untried` says that nothing can be said, and `words` why.
    """

    source: Source
    what: str = Field(max_length=300)
    address: str = Field(max_length=310)
    reached: Reached
    used_here: bool = False
    words: str = Field(default="", max_length=300)


class NetworksReport(Message):
    """What came of trying everything that must not be reached, at one moment."""

    kind: Literal["networks"] = "networks"
    separate: bool
    tries: tuple[NetworkTry, ...] = Field(max_length=1000)
    untold: tuple[str, ...] = Field(default=(), max_length=100)
    time: datetime
