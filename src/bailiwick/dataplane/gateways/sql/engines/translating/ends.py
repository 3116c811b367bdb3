"""The end of a grant, which stands in the statement that the gateway made: it is taken out, and looked at in each run.

PostgreSQL looks at its own clock and fails with our mark. Other databases have no cast that fails, so what `lasting`
writes is known by its form, and the plane looks at its clock (`running`). What only looks like it is not translated.
"""

from datetime import datetime
from typing import Any

from pglast import ast

from bailiwick.dataplane.gateways.sql.engines.model import GrantEnd
from bailiwick.dataplane.gateways.sql.engines.translating.names import is_a
from bailiwick.dataplane.gateways.sql.pieces import all_of, expression
from bailiwick.dataplane.gateways.sql.rows import END_MARK, lasting


def grant_end(node: Any) -> GrantEnd | None:
    """Return the end that a condition is about, None where it is another."""
    texts = [str(found.sval) for found in all_of([node], ast.String)]
    marks = [text for text in texts if text.startswith(f"{END_MARK}:")]
    moments = [text for text in texts if text.endswith("+00")]
    if len(marks) != 1 or len(moments) != 1:
        return None
    try:
        end = GrantEnd(marks[0].split(":")[1], datetime.fromisoformat(moments[0]))
    except ValueError:
        return None
    return end if node == expression(lasting(end.table, end.until)) else None


def while_granted(node: Any) -> tuple[Any, GrantEnd | None]:
    """Return the value of a new row that is made while a grant lasts, and when it ends; any other as it is."""
    branches: Any = node.args if is_a(node, ast.CaseExpr) and node.arg is None else ()
    end = grant_end(branches[0].expr) if len(branches) == 1 and is_a(node.defresult, ast.SubLink) else None
    return (branches[0].result, end) if end is not None else (node, None)
