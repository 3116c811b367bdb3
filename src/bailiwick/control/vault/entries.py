"""For which environment each secret is: said when it is first stored, and not changed: none gets out of it."""

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.vault.model import Environment
from bailiwick.control.vault.tables import SecretEntryRow, SecretRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError
from bailiwick.store.locks import hold

# Of what nobody said it: the one that the editor is never given.
_UNSAID = Environment.PRODUCTION


def environment_of(session: Session, name: str) -> Environment:
    """Return for which planes a secret is."""
    found = session.scalar(select(SecretEntryRow.environment).where(SecretEntryRow.name == name))
    return Environment(found) if found is not None else _UNSAID


def environments(session: Session) -> Mapping[str, Environment]:
    """Return for which planes secrets are, as far as it was said."""
    rows = session.execute(select(SecretEntryRow.name, SecretEntryRow.environment))
    return {row.name: Environment(row.environment) for row in rows}


def is_stored(session: Session, name: str) -> bool:
    """Return whether the vault itself has a value of this name."""
    query = select(SecretRow.name).where(SecretRow.kind == "secret", SecretRow.name == name).limit(1)
    return session.scalar(query) is not None


def enter(session: Session, name: str, environment: Environment | None, clock: Clock) -> None:
    """Keep for which environment a new secret is; raise `ConflictError` when a known one is of another."""
    found = session.scalar(select(SecretEntryRow.environment).where(SecretEntryRow.name == name))
    if found is None and not is_stored(session, name):
        session.add(SecretEntryRow(name=name, environment=environment or _UNSAID, made_at=clock()))
        session.flush()
        return
    there = Environment(found) if found is not None else _UNSAID
    if environment not in {None, there}:
        raise ConflictError(
            f"the secret '{name[:80]}' is of the environment {there}, and stays so",
            hint="store the other value under another name, so that no plane gets what is not for it",
        )


def enter_rest(session: Session, used_in: Callable[[], Mapping[str, Iterable[Environment]]], clock: Clock) -> None:
    """Keep for which environment those secrets are that were stored before that was said: where they are used now."""
    hold(session, "secret-entries")
    entered = select(SecretEntryRow.name)
    rest = select(SecretRow.name).where(SecretRow.kind == "secret", SecretRow.name.not_in(entered)).distinct()
    names = list(session.scalars(rest))
    if not names:
        return
    used = used_in()
    for name in names:
        found = set(used.get(name, ()))
        one = found.pop() if len(found) == 1 else Environment.BOTH if found else _UNSAID
        session.add(SecretEntryRow(name=name, environment=one, made_at=clock()))
