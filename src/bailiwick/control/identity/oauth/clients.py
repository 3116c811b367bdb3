"""The programs that may ask for tokens. All are public: none can keep a secret on a person's machine.

Three kinds: our own; agents that an administrator made for people to start (`agent:claude-code` is its own client id);
and what registers itself (RFC 7591), which is only heard at the door for agents.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.identity.model import API_AUDIENCE, GIT_AUDIENCE, MCP_AUDIENCE
from bailiwick.control.identity.oauth.errors import OAuthError
from bailiwick.control.identity.oauth.redirects import may_be_sent_to
from bailiwick.control.identity.tables import OAuthClientRow, ServiceRow

_AGENT = "agent:"


@dataclass(frozen=True, slots=True)
class Client:
    """A program, its name for people, where it waits (None: anywhere on the person's machine), and for which doors it
    gets tokens. Where it is an agent's, they are the agent's, for the person who says yes.
    """

    id: str
    name: str
    redirects: tuple[str, ...] | None
    audiences: tuple[str, ...]
    agent: str = ""
    registered_itself: bool = False

    def waits_at(self, address: str) -> bool:
        """Return whether an answer may be sent to an address."""
        return may_be_sent_to(address, self.redirects)


COMMAND_LINE = Client(
    "bailiwick-cli",
    "The Bailiwick command line",
    ("http://127.0.0.1/callback", "http://[::1]/callback"),
    (API_AUDIENCE, GIT_AUDIENCE, MCP_AUDIENCE),
)
CLIENTS: Mapping[str, Client] = {client.id: client for client in (COMMAND_LINE,)}


def find_client(session: Session, client_id: str) -> Client:
    """Return the client with an id; raise `OAuthError` where there is none."""
    known = CLIENTS.get(client_id)
    if known is None and client_id.startswith(_AGENT):
        known = _agent(session, client_id)
    elif known is None:
        row = session.scalars(select(OAuthClientRow).where(OAuthClientRow.id == client_id)).one_or_none()
        known = _registered(session, row) if row is not None else None
    if known is None:
        raise OAuthError("invalid_client", "no program is known here under this client id")
    return known


def client_names(session: Session, client_ids: Collection[str]) -> Mapping[str, str]:
    """Return what programs are called to people, by their ids; nothing for what has no other name than that."""
    query = select(OAuthClientRow.id, OAuthClientRow.name).where(OAuthClientRow.id.in_(client_ids))
    rows = session.execute(query)
    return {**{row.id: row.name for row in rows}, **{client.id: client.name for client in CLIENTS.values()}}


def _agent(session: Session, name: str) -> Client | None:
    query = select(ServiceRow).where(ServiceRow.name == name, ServiceRow.public)
    row = session.scalars(query).one_or_none()
    return Client(row.name, row.name, None, (MCP_AUDIENCE,), row.name) if row is not None else None


def _registered(session: Session, row: OAuthClientRow) -> Client:
    agent = _agent_called(session, row.name)
    return Client(row.id, row.name, tuple(row.redirect_uris), (MCP_AUDIENCE,), agent, registered_itself=True)


def _agent_called(session: Session, name: str) -> str:
    """Return the agent that a program's name begins with: "Claude Code (desk)" is `agent:claude-code`.

    The name is a claim. What believing it gives is less: an agent may do what both it and its person may.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
    agents = session.scalars(select(ServiceRow.name).where(ServiceRow.public).order_by(ServiceRow.name.desc())).all()
    fitting = [agent for agent in agents if f"{slug}-".startswith(f"{agent.removeprefix(_AGENT)}-")]
    return max(fitting, key=len, default="")
