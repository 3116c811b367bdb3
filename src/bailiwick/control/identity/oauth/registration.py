"""Dynamic client registration (RFC 7591): how an MCP client that nobody set up here comes by a client id.

Anybody may register, as nothing is given for it: a client gets only what a person says yes to on a page of ours, at the
door for agents, and the answer goes to that person's own machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bailiwick.control.identity.oauth.errors import OAuthError, TooManyTriesError
from bailiwick.control.identity.oauth.redirects import may_be_registered
from bailiwick.control.identity.tables import OAuthClientRow
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id
from bailiwick.store import Store

_MOST_ADDRESSES = 10
_LONGEST_NAME = 80
_UNUSED = timedelta(days=1)
_FORGOTTEN = timedelta(days=60)
_WITHIN = timedelta(minutes=10)
_MOST_FROM_ONE_ADDRESS = 50
_MOST_UNUSED = 10_000


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """What a client is told of its registration."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    issued_at: int


class Registration:
    """Takes registrations, and forgets those that nobody used."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def register(self, metadata: Mapping[str, object], address: str) -> RegisteredClient:
        """Remember a client that calls from `address`; addresses of it that we send nothing to are left out.

        Raises `OAuthError` where none is left or the name is not one, `TooManyTriesError` where too many came.
        """
        name, redirects = _name(metadata.get("client_name")), _redirects(metadata.get("redirect_uris"))
        now = self._clock()
        row = OAuthClientRow(
            id=new_id("mcp"), name=name, redirect_uris=list(redirects), address=address, created=now, last_used=None
        )
        with self._store.transaction() as session:
            self._forget(session)
            self._require_few(session, address)
            session.add(row)
        return RegisteredClient(row.id, name, redirects, int(now.timestamp()))

    def _forget(self, session: Session) -> None:
        now = self._clock()
        unused = OAuthClientRow.last_used.is_(None) & (OAuthClientRow.created < now - _UNUSED)
        session.execute(delete(OAuthClientRow).where(unused | (OAuthClientRow.last_used < now - _FORGOTTEN)))

    def _require_few(self, session: Session, address: str) -> None:
        unused = select(func.count()).where(OAuthClientRow.last_used.is_(None))
        lately = unused.where(OAuthClientRow.address == address, OAuthClientRow.created > self._clock() - _WITHIN)
        if (session.scalar(lately) or 0) >= _MOST_FROM_ONE_ADDRESS or (session.scalar(unused) or 0) >= _MOST_UNUSED:
            raise TooManyTriesError("too many programs registered here lately", hint="try again in ten minutes")


def note_used(session: Session, client_id: str, clock: Clock) -> None:
    """Remember that a person let a registered client in: it is not forgotten soon."""
    row = session.scalars(select(OAuthClientRow).where(OAuthClientRow.id == client_id)).one_or_none()
    if row is not None:
        row.last_used = clock()


def _name(said: object) -> str:
    """Return what a client calls itself, of signs that can be seen; a person reads it where they decide."""
    if not isinstance(said, str | None):
        raise OAuthError("invalid_client_metadata", "client_name is a text")
    shown = " ".join("".join(sign for sign in said or "" if sign.isprintable()).split())
    return shown[:_LONGEST_NAME] or "a program without a name"


def _redirects(said: object) -> tuple[str, ...]:
    if not isinstance(said, Sequence) or isinstance(said, str) or not 0 < len(said) <= _MOST_ADDRESSES:
        raise OAuthError("invalid_redirect_uri", f"redirect_uris is a list of 1 to {_MOST_ADDRESSES} addresses")
    kept = tuple(dict.fromkeys(one for one in said if isinstance(one, str) and may_be_registered(one)))
    if not kept:
        raise OAuthError(
            "invalid_redirect_uri",
            "answers are only sent to programs on the person's own machine",
            hint="http://127.0.0.1:PORT/callback, or a scheme of an editor that is known here",
        )
    return kept
