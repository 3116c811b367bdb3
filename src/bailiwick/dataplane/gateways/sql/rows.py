"""Rules about rows as SQL: what each row of a table must meet for this person."""

from collections.abc import Mapping, Sequence

from bailiwick.core.grants import AllOf, AnyOf, RowCondition, RowRule
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.pieces import literal, quoted

_SIGNS = {"equals": "=", "above": ">", "at_least": ">=", "below": "<", "at_most": "<="}


class RowFilter:
    """Writes rules down for a person with these attributes."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self._attributes = attributes

    def all_of(self, rules: Sequence[RowRule]) -> str:
        """Return one condition, empty where there are no rules."""
        return " AND ".join(map(self.text, rules))

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
            several = self.attribute(condition.one_of_attribute).split(",")
            return f"({what} IN ({_listed([value.strip() for value in several])}))"
        if condition.one_of is not None:
            return f"({what} IN ({_listed(condition.one_of)}))"
        if condition.none_of is not None:
            return f"({what} NOT IN ({_listed(condition.none_of)}))"
        name = next(name for name in _SIGNS if getattr(condition, name) is not None)
        return f"({what} {_SIGNS[name]} {literal(getattr(condition, name))})"

    def fixed(self, condition: RowCondition) -> str | None:
        """Return the one value that a condition leaves a column, or None where it may be one of several."""
        if condition.equals_attribute is not None:
            return self.attribute(condition.equals_attribute)
        return condition.equals

    def attribute(self, name: str) -> str:
        """Return what is known of the person; raise `StatementRefusedError` where nothing is."""
        value = self._attributes.get(name)
        if value is None or "\0" in value:
            raise StatementRefusedError(
                f"these rows are given by a person's {name}, and no person with one is behind this statement",
                hint="run it while serving a person's request, on the connection's own trace",
                deciders=("some-data-needs-a-person",),
            )
        return value


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(literal, values))
