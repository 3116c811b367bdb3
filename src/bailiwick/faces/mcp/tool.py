"""A tool as agents see it: a constant description, a strict schema, and what it does with the services."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fastapi.concurrency import run_in_threadpool
from mcp.types import Tool as ToolWords
from mcp.types import ToolAnnotations
from pydantic import BaseModel, ConfigDict

from bailiwick.control.app import ControlPlane
from bailiwick.core.principals import Identity


class Arguments(BaseModel):
    """What a tool takes. What it does not know is an error: an agent that is wrong should hear of it."""

    model_config = ConfigDict(extra="forbid", strict=True)


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent is told: short text that says what is so and what to do next, and the same as data.

    `failed` marks what the agent must do something about, such as a refused change.
    """

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True)
class Caller(Generic[A]):
    """A call: whose it is, and what they said. `progress` tells a client that waits how far it is, if it can hear."""

    control: ControlPlane
    identity: Identity
    arguments: A
    progress: Callable[[float, str], Awaitable[None]]


@dataclass(frozen=True)
class Tool(Generic[A]):
    """One tool; `reads` and `destroys` are hints for clients, and nothing here rests on them."""

    name: str
    title: str
    description: str
    arguments: type[A]
    run: Callable[[Caller[A]], Awaitable[Answer]]
    reads: bool = True
    destroys: bool = False

    @property
    def words(self) -> ToolWords:
        """The tool as clients list it."""
        hints = ToolAnnotations(
            title=self.title, read_only_hint=self.reads, destructive_hint=self.destroys, open_world_hint=False
        )
        return ToolWords(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            annotations=hints,
        )


def in_thread(work: Callable[[Caller[A]], Answer]) -> Callable[[Caller[A]], Awaitable[Answer]]:
    """Return a tool's work so that it runs beside the server's loop: it asks the database."""

    async def run(caller: Caller[A]) -> Answer:
        return await run_in_threadpool(work, caller)

    return run
