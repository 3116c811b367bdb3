"""Conversations of the studio and what is in them, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# Whom the studio acts as: an agent that an administrator makes, and that works for the person who asks.
AGENT = "agent:studio"
LONGEST_PROMPT = 8000
MOST_FILES = 2000
MOST_BYTES = 16 * 2**20
MOST_FILE_BYTES = 512 * 2**10
MOST_IMAGE_BYTES = 2 * 2**20


class State(StrEnum):
    """What a conversation does: nothing, works, failed in its last turn, or was stopped in it."""

    IDLE = "idle"
    WORKING = "working"
    FAILED = "failed"
    STOPPED = "stopped"


class Kind(StrEnum):
    """What a step is: the beginning, a person's words, the model's, a tool's answer, a way back, or an early end."""

    BEGUN = "begun"
    ASKED = "asked"
    SAID = "said"
    TOOL = "tool"
    UNDONE = "undone"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of a draft: what its bytes are called (SHA-256), how many, and whether it is executable."""

    digest: str
    size: int
    executable: bool = False


Tree = Mapping[str, FileRef]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that a model asks for; `arguments` is JSON as the model wrote it, good or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that a person attached: its bytes by their digest, and its media type."""

    digest: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What a model's answer took; `cost` is in millionths of the currency of the settings."""

    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step that is not kept yet. `tree` is the draft after it, where it changed."""

    kind: Kind
    text: str = ""
    attached: str = ""
    image: Image | None = None
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    tool: str = ""
    failed: bool = False
    tree: Tree | None = None
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a conversation, by its number."""

    number: int
    time: datetime
    content: NewStep


@dataclass(frozen=True, slots=True)
class Conversation:
    """A person's conversation about one app. `base` is the commit of main that its draft began from.

    `model` is the route that answers, `integrations` the systems that the draft may use. `branch` has its preview.
    `live` is what the model is saying now, `words` how the last turn ended, `beat` when the turn last gave a sign.
    """

    id: str
    app: str
    person: str
    title: str
    model: str
    integrations: tuple[str, ...]
    base: str
    branch: str
    state: State
    words: str
    live: str
    run: str
    stopping: bool
    beat: datetime
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """What it took to make a revision in the studio."""

    conversation: str
    models: tuple[str, ...]
    answers: int
    tools: int
    tokens_in: int
    tokens_out: int
    cost: int


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """How much one turn may be: answers of the model, tokens both ways, seconds, and the same call of a tool again."""

    answers: int = 40
    tokens: int = 1_000_000
    seconds: float = 900.0
    same_calls: int = 3
