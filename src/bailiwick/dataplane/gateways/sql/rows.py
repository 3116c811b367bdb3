"""Rules about rows as SQL: what each row of a table must meet for this person."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bailiwick.core.grants import AllOf, AnyOf, ColumnGrant, Mask, RowCondition, RowRule, TableGrant
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.pieces import column_text, literal, quoted

END_MARK = "bailiwick-grant-ended"
# By the database's own clock, in UTC: the zone of the session is an app's to change.
_TODAY = "CAST(timezone('UTC', statement_timestamp()) AS date)"
_SIGNS = {"equals": "=", "above": ">", "at_least": ">=", "below": "<", "at_most": "<="}


def while_it_lasts(table: TableGrant) -> str:
    """Return the condition that a grant has not ended, empty where it does not end; it fails with our mark.

    The database looks at its own clock, so that a statement that is kept, or was prepared before, ends with the grant.
    """
    return lasting(table.relation, table.until) if table.until is not None else ""


def lasting(relation: str, until: datetime) -> str:
    """Return the condition that a grant on a table has not ended; it fails with our mark."""
    end = until.astimezone(UTC)
    mark = f"CAST(concat('{END_MARK}:{relation}:{end:%Y-%m-%d}:') AS int4) = 0"
    return (
        f"CASE WHEN statement_timestamp() < CAST('{end:%Y-%m-%d %H:%M:%S}+00' AS timestamptz) THEN TRUE ELSE {mark} END"
    )


def ended_words(relation: str, day: str) -> str:
    """Return what an app hears of a grant on a table that ended on a day."""
    return f"this app's grant on {relation} ended on {day}"


def days_ago(days: int) -> str:
    """Return the day so many days before today, by the database's own clock."""
    return f"{_TODAY} - {days}"


class RowFilter:
    """Writes rules down for a person with these attributes; `masked_by` says who makes masks with the key."""

    def __init__(self, attributes: Mapping[str, str], masked_by: MaskedBy = MaskedBy.DATABASE) -> None:
        self._attributes = attributes
        self._masked_by = masked_by

    def of(self, table: TableGrant) -> str:
        """Return the one condition that rows of a table are given under, empty where all are."""
        return " AND ".join(filter(None, [while_it_lasts(table), *map(self.text, table.rows)]))

    def text(self, rule: RowRule) -> str:
        """Return a rule as a condition that can stand beside others."""
        if isinstance(rule, RowCondition):
            return self.comparison(rule, quoted(rule.column))
        parts = rule.any_of if isinstance(rule, AnyOf) else rule.all_of
        word = " AND " if isinstance(rule, AllOf) else " OR "
        return f"({word.join(map(self.text, parts))})"

    def comparison(self, condition: RowCondition, what: str) -> str:
        """Return a condition on an expression in the place of its column."""
        if condition.is_null is not None:
            return f"({what} IS {'NULL' if condition.is_null else 'NOT NULL'})"
        if condition.equals_attribute is not None:
            return f"({what} = {literal(self.attribute(condition.equals_attribute))})"
        if condition.one_of_attribute is not None:
            several = [value.strip() for value in self.attribute(condition.one_of_attribute).split(",")]
            # What stands between two commas is nothing, and not the rows that have an empty text there.
            given = _listed([value for value in several if value])
            return f"({what} IN ({given}))" if given else "FALSE"
        listed = condition.one_of or condition.none_of
        if listed is not None:
            return f"({what} {'IN' if condition.one_of else 'NOT IN'} ({_listed(listed)}))"
        if condition.within_days is not None:
            return f"({what} >= {days_ago(condition.within_days)})"
        name = next(name for name in _SIGNS if getattr(condition, name) is not None)
        return f"({what} {_SIGNS[name]} {literal(getattr(condition, name))})"

    def fixed(self, condition: RowCondition) -> str | None:
        """Return the one value that a condition leaves a column, or None where it may be one of several."""
        if condition.equals_attribute is not None:
            return self.attribute(condition.equals_attribute)
        return condition.equals

    def column(self, column: ColumnGrant, seen: str) -> str:
        """Return a column as it is selected, under its mask for the person; `seen` as in `column_text`."""
        return column_text(column.name, self.mask(column), seen, self._masked_by)

    def mask(self, column: ColumnGrant) -> Mask | None:
        """Return how a column is masked for the person."""
        for one in column.mask_for:
            if self._attributes.get(one.attribute) in one.one_of:
                return one.mask
        return column.mask

    def attribute(self, name: str) -> str:
        """Return what is known of the person; raise `StatementRefusedError` where nothing is."""
        value = self._attributes.get(name)
        if not value or "\0" in value:
            raise StatementRefusedError(
                f"these rows are given by a person's {name}, and no person with one is behind this statement",
                hint="run it while serving a person's request, on the connection's own trace",
                deciders=("some-data-needs-a-person",),
                of_person=True,
            )
        return value


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(literal, values))
