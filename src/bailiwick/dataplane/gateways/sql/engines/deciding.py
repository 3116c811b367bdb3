"""What the gateway decided about a text, as a translated database needs it: the one statement, and who is behind it."""

from dataclasses import dataclass

from pglast import parse_sql
from pglast.stream import RawStream

from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.dataplane.gateways.sql.gateway import Allowed, SqlGateway

_ABOUT_TYPES = frozenset(RawStream()(parse_sql(question)) for question in grammar.DRIVER_QUESTIONS)


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
        return self.sql in _ABOUT_TYPES

    def note(self, gateway: SqlGateway, binding: Binding, tag: str, rows: int, milliseconds: float) -> None:
        """Audit that it ran."""
        gateway.note_executed(self.allowed, binding, tag=tag, rows=rows, milliseconds=milliseconds)


def decide(gateway: SqlGateway, sql: str, binding: Binding) -> Decided:
    """Return what may be run of a text; raise `StatementRefusedError`, audited, when nothing may."""
    allowed = gateway.decide(sql, binding)
    rewritten = allowed.rewritten
    comment = allowed.sql.removesuffix(rewritten.sql) if rewritten.sql else ""
    return Decided(allowed, rewritten.sql, rewritten.operation, comment)
