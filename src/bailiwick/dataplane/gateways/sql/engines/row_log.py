"""Which rows pass of tables whose rows a grant logs: read from the answer as the app gets it."""

from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.engines.model import Translated
from bailiwick.dataplane.gateways.sql.engines.portals import Portal
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.gateway import SqlGateway
from bailiwick.dataplane.gateways.sql.row_keys import RowKeys
from bailiwick.dataplane.gateways.sql.shown_keys import in_answer


def keys_of(
    gateway: SqlGateway, binding: Binding, portal: Portal, translated: Translated, key: bytes
) -> RowKeys | None:
    """Return what reads the keys of a statement's rows, None where no table of it is logged.

    Raises `StatementRefusedError`, audited, where the answer does not tell them and the grant wants that it does.
    """
    allowed = portal.statement.decided.allowed
    step = allowed.steps[0]
    if not step.rewritten.shown:
        return None
    try:
        shown = in_answer(step.rewritten.shown, len(translated.columns))
    except StatementRefusedError as fault:
        gateway.note_refused(fault, binding, allowed)
        raise

    def note(table: str, keys: tuple[str, ...]) -> None:
        gateway.note_rows(allowed, step, binding, table, keys)

    return RowKeys(shown, portal.formats, key, note)
