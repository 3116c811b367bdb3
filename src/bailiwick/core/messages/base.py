"""What all messages between planes have in common."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Base of all messages: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
