"""What a template is made of, whatever its language."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a piece of a template is."""

    TEXT = "text"
    ESCAPED = "escaped"
    RAW = "raw"
    BLOCK = "block"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a template: its kind, what stands in it (an expression, for holes), and the line where it begins."""

    kind: Kind
    text: str
    line: int
