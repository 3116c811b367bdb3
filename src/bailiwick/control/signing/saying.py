"""What the platform says of itself to anybody, signed with the key of releases."""

from dataclasses import dataclass

from bailiwick.control.signing.store import SigningKeys
from bailiwick.core.statements import Envelope, Statement, sign_statement
from bailiwick.store import Store


@dataclass(frozen=True)
class PlatformStatements:
    """Signs them with the key of now: one that follows another signs from then on."""

    store: Store
    keys: SigningKeys

    def sign(self, statement: Statement) -> Envelope:
        """Return a statement in its envelope."""
        with self.store.transaction() as session:
            return sign_statement(statement, self.keys.now(session, "release"))
