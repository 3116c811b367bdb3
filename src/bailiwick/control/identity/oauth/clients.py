"""The programs that may ask for tokens. All are public: none can keep a secret on a person's machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from bailiwick.control.identity.model import API_AUDIENCE, GIT_AUDIENCE


@dataclass(frozen=True, slots=True)
class Client:
    """A program, its name for people, the path at which it waits on loopback, and for which doors it gets tokens."""

    id: str
    name: str
    redirect_path: str
    audiences: tuple[str, ...]


COMMAND_LINE = Client("bailiwick-cli", "The Bailiwick command line", "/callback", (API_AUDIENCE, GIT_AUDIENCE))
CLIENTS: Mapping[str, Client] = {client.id: client for client in (COMMAND_LINE,)}
