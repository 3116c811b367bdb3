"""Keys that do not change: refused, unless policy lets one be wrapped, which somebody owns and has rotated.

What was registered before stays as it is and is flagged; registering it again as it was asks nobody anew.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations.model import Integration
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.messages import AnyConnection, AwsRole, HttpConnection, MailConnection
from bailiwick.core.policy import ContextValue
from bailiwick.core.principals import Identity

_STATIC = frozenset({"bearer", "basic", "header", "aws-sigv4"})


@dataclass(frozen=True, slots=True)
class Wrapping:
    """Who owns a secret, and how often it gets another value; no owner and 0 where nobody said so."""

    owner: str
    every_hours: int


WrappingOf = Callable[[Session, str], Wrapping]


def static_key(connection: AnyConnection) -> str:
    """Return the name of the secret that a connection shows as it is; empty where it shows none."""
    if not isinstance(connection, HttpConnection | MailConnection):
        return ""
    credential = connection.credential
    # With an access key a role is assumed by a key that does not change, with an issuer's word it is not.
    by_a_key = isinstance(credential, AwsRole) and bool(credential.access_key_id)
    return next(iter(credential.secrets), "") if credential.kind in _STATIC or by_a_key else ""


def require_wrapped(
    authorizer: Authorizer,
    session: Session,
    identity: Identity,
    integration: Integration,
    known: Integration | None,
    wrapping_of: WrappingOf,
) -> tuple[str, ...]:
    """Return the policies that let the new static keys of an integration be wrapped; raise `ForbiddenError` for one
    that none does.
    """
    deciders: list[str] = []
    for plane, name in _new_keys(integration, known):
        wrapping = wrapping_of(session, name)
        context: dict[str, ContextValue] = {
            "integration": integration.name,
            "owned": bool(wrapping.owner),
            "every_hours": wrapping.every_hours,
        }
        decision = authorizer.decide(session, identity, "integration.wrap-key", ORGANIZATION, context)
        if not decision.allowed:
            raise ForbiddenError(
                f"'{integration.name}' would show a key that does not change on {plane}: {decision.reason}",
                deciders=decision.deciders,
                hint="use client-credentials; where the service has nothing better, say who owns the key and how often "
                f"it is rotated: bailiwick secret declare {name} FILE",
            )
        deciders += decision.deciders
    return tuple(dict.fromkeys(deciders))


def _new_keys(integration: Integration, known: Integration | None) -> Iterator[tuple[str, str]]:
    for plane, connection in sorted(integration.connections.items()):
        name = static_key(connection)
        if name and (known is None or known.connections.get(plane) != connection):
            yield plane, name
