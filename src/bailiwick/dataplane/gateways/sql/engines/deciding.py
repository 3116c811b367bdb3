"""What the gateway decided about a text, as a translated database needs it: the one statement, and who is behind it."""

from dataclasses import dataclass

from pglast import ast, parse_sql

from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.gateway import Allowed, Measured, SqlGateway
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.pieces import all_of
from bailiwick.dataplane.gateways.sql.rewrite import is_of_a_driver

_CATALOGUES = frozenset({"pg_catalog", "information_schema"})


@dataclass(frozen=True, slots=True)
class Decided:
    """A statement that the grant made; `comment` names person, app and trace for the database's own log."""

    allowed: Allowed
    sql: str
    operation: str
    comment: str

    @property
    def is_about_types(self) -> bool:
        """Whether it is what drivers ask a catalogue for types of one's own, of which there are none here."""
        return is_of_a_driver(self.allowed.steps[0].rewritten.normalised)

    def note(self, gateway: SqlGateway, binding: Binding, measured: Measured) -> None:
        """Audit that it ran."""
        gateway.note_executed(self.allowed, self.allowed.steps[0], binding, measured)


def decide(gateway: SqlGateway, sql: str, binding: Binding) -> Decided:
    """Return what may be run of a text; raise `StatementRefusedError`, audited, when nothing may."""
    allowed = gateway.decide(sql, binding, MaskedBy.GATEWAY)
    try:
        return _one(allowed)
    except StatementRefusedError as fault:
        gateway.note_refused(fault, binding, allowed)
        raise


def _one(allowed: Allowed) -> Decided:
    if len(allowed.steps) != 1:
        raise StatementRefusedError(
            "one call holds several statements", hint="send each statement in a call of its own", sqlstate="42601"
        )
    rewritten = allowed.steps[0].rewritten
    comment = allowed.sql.removesuffix(rewritten.sql) if rewritten.sql else ""
    decided = Decided(allowed, rewritten.sql, rewritten.operation, comment)
    if not decided.is_about_types and _asks_catalogue(rewritten.sql):
        # Files have catalogues of the same name, which know no grant.
        raise StatementRefusedError("the catalogue is not shown by databases that are not PostgreSQL", sqlstate="0A000")
    return decided


def _asks_catalogue(sql: str) -> bool:
    relations = all_of([statement.stmt for statement in parse_sql(sql)], ast.RangeVar)
    return any((relation.schemaname or "public") in _CATALOGUES for relation in relations)
