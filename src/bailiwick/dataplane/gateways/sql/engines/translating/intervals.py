"""A date moved by an interval, both written out, is a date that is known: `date '1998-12-01' - interval '90 days'`."""

import calendar
import re
from datetime import date, timedelta
from typing import Any

from pglast import ast

from bailiwick.dataplane.gateways.sql.engines.model import NotTranslatedError
from bailiwick.dataplane.gateways.sql.engines.translating.names import is_a

_INTERVAL = re.compile(r"\s*([0-9]{1,5})\s*(day|week|month|year)s?\s*", re.IGNORECASE)
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_YEAR = 12


def moved_date(node: Any) -> str:
    """Return the date that an expression comes to, empty when it is not of this form."""
    word = node.name[-1].sval if node.name else ""
    if word not in {"+", "-"} or not (_is(node.lexpr, "date") and _is(node.rexpr, "interval")):
        return ""
    found = _INTERVAL.fullmatch(node.rexpr.arg.val.sval)
    if not found:
        raise NotTranslatedError("of intervals a number of days, weeks, months or years is translated")
    count = int(found[1]) * (1 if word == "+" else -1)
    unit = found[2].lower()
    try:
        begin = date.fromisoformat(node.lexpr.arg.val.sval)
        moved = begin + timedelta(days=count * _DAYS[unit]) if unit in _DAYS else _months(begin, count * _MONTHS[unit])
    except (ValueError, OverflowError):
        raise NotTranslatedError("a date is out of range", sqlstate="22008") from None
    return moved.isoformat()


def _months(begin: date, count: int) -> date:
    """Return a date some months on, at the end of a month that is shorter, as PostgreSQL does it."""
    year, month = divmod(begin.year * _YEAR + begin.month - 1 + count, _YEAR)
    return date(year, month + 1, min(begin.day, calendar.monthrange(year, month + 1)[1]))


def _is(node: Any, kind: str) -> bool:
    return bool(
        is_a(node, ast.TypeCast)
        and node.typeName.names[-1].sval == kind
        and not node.typeName.typmods
        and isinstance(node.arg, ast.A_Const)
        and isinstance(node.arg.val, ast.String)
    )
