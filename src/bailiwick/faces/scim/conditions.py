"""SCIM filters and sort keys as SQL (RFC 7644, section 3.4.2): expressions over bound values, never text that runs.

What is compared is the `comparable` form of a resource, whose strings are folded already; values are folded the same
way here. A condition is never NULL, so that `not` means what it says.
"""

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from scim2_models import InvalidFilterException, InvalidPathException
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ScimFilter,
    ValuePath,
)
from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Text,
    and_,
    cast,
    collate,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import InstrumentedAttribute, aliased

from bailiwick.control.identity.directory import MemberRow, ResourceRow

# A filter that a directory sends has a few terms; one of this length is somebody trying.
MOST_FILTER_CHARACTERS = 4000
# The path to a JSON value itself: what is read there is its text without quotes.
_ITSELF: ColumnElement[Any] = literal_column("'{}'::text[]")
_NOT_EMPTY = '$.** ? ((@.type() == "string" && @ != "") || @.type() == "boolean" || @.type() == "number")'
_ORDER: dict[CompareOperator, Callable[[Any, Any], ColumnElement[bool]]] = {
    CompareOperator.gt: operator.gt,
    CompareOperator.ge: operator.ge,
    CompareOperator.lt: operator.lt,
    CompareOperator.le: operator.le,
}
_MATCH: dict[CompareOperator, Callable[[Any, Any], ColumnElement[bool]]] = {
    CompareOperator.eq: operator.eq,
    CompareOperator.co: lambda value, term: func.strpos(value, term) > 0,
    CompareOperator.sw: func.starts_with,
    CompareOperator.ew: lambda value, term: func.right(value, func.char_length(term)) == term,
}
_COLUMNS = {
    "id": ResourceRow.id,
    "meta.created": ResourceRow.created,
    "meta.last_modified": ResourceRow.modified,
    "meta.resource_type": func.lower(ResourceRow.kind),
}
# What directories look for before each write has columns with an index: a sync of n people must not read n * n rows.
_INDEXED: dict[tuple[str, str], InstrumentedAttribute[Any]] = {
    ("User", "user_name"): ResourceRow.unique_name,
    ("Group", "display_name"): ResourceRow.unique_name,
    ("User", "external_id"): ResourceRow.external_id,
    ("Group", "external_id"): ResourceRow.external_id,
}
_LINKS = {"members", "groups"}
_OF_LINKS = frozenset({None, "value", "display", "type"})


def condition(text: ScimFilter[Any]) -> ColumnElement[bool]:
    """Return the condition of a filter that is bound to one model; raise `InvalidFilterException` when it has none."""
    if len(text) > MOST_FILTER_CHARACTERS:
        raise InvalidFilterException(detail=f"a filter may have {MOST_FILTER_CHARACTERS} characters at most")
    return _Condition(text).visit(text.ast)


def sort_key(binding: AttributeBinding) -> SQLColumnExpression[Any]:
    """Return what a resource is sorted by: of several values the primary one, or else the first."""
    place = _place(binding)
    if place in _COLUMNS:
        return _COLUMNS[place]
    if binding.field_name in _LINKS or binding.field_name == "meta":
        raise InvalidPathException(detail=f"resources are not sorted by {binding.urn}")
    value = _head(binding)
    if binding.is_multivalued:
        entries = func.jsonb_array_elements(value).table_valued("value", with_ordinality="place").render_derived()
        entry = cast(entries.c.value, JSONB)
        primary = (
            select(entry).where(entry["primary"].astext == "true").order_by(entries.c.place).limit(1).scalar_subquery()
        )
        value = cast(func.coalesce(primary, value[0]), JSONB)
    if binding.sub_field_name is not None:
        value = value[_name(binding.field_type, binding.sub_field_name)]
    return collate(_text(value), "C")


class _Condition(FilterVisitor[ColumnElement[bool]]):
    """Translates one filter. `within` is the entry of a value selection such as `emails[...]` while inside of one."""

    def __init__(self, text: ScimFilter[Any], within: "tuple[AttrPath, _Entry] | None" = None) -> None:
        self._text = text
        self._within = within

    def visit_logical_expr(self, node: LogicalExpr) -> ColumnElement[bool]:
        terms = [self.visit(term) for term in node.terms]
        return and_(*terms) if node.op is LogicalOperator.and_ else or_(*terms)

    def visit_not(self, node: Not) -> ColumnElement[bool]:
        return not_(self.visit(node.expr))

    def visit_present(self, node: Present) -> ColumnElement[bool]:
        binding = self._text.resolve(self._path(node.attr_path), strict=False)
        if binding is None:
            return false()
        if self._within is not None:
            return self._within[1].present(binding)
        if binding.is_multivalued:
            return _any_entry(binding, lambda entry: entry.present(binding))
        place = _place(binding)
        if place in _COLUMNS or place == "meta":
            return _COLUMNS.get(place, ResourceRow.id).is_not(None)
        return _present(_value(binding))

    def visit_comparison(self, node: Comparison) -> ColumnElement[bool]:
        binding = self._text.resolve_comparison(self._path(node.attr_path), strict=False)
        if binding is None:
            return false()
        wanted = _comparable(binding, node)
        if self._within is not None:
            return self._within[1].compare(binding, node.op, wanted)
        if binding.is_multivalued:
            return _compare_any(binding, node.op, wanted)
        place = _place(binding)
        if place in _COLUMNS:
            return _compare_column(_COLUMNS[place], node.op, wanted)
        indexed = _INDEXED.get((_kind(binding), place))
        if indexed is not None and node.op is CompareOperator.eq and isinstance(wanted, str) and "\0" not in wanted:
            return and_(indexed.is_not(None), indexed == wanted)
        if binding.field_name == "meta":
            raise InvalidFilterException(detail=f"there is no filter on {binding.urn}")
        return _compare_text(_text(_value(binding)), node.op, wanted)

    def visit_value_path(self, node: ValuePath) -> ColumnElement[bool]:
        binding = self._text.resolve(node.attr_path, strict=False)
        if binding is None or not binding.is_multivalued:
            return false()
        return _any_entry(binding, lambda entry: _Condition(self._text, (node.attr_path, entry)).visit(node.val_filter))

    def _path(self, path: AttrPath) -> AttrPath:
        """Return the whole path of what is named inside a value selection by its sub-attribute alone."""
        return path if self._within is None else AttrPath(self._within[0].attr, path.attr, self._within[0].uri)


class _Entry:
    """One value of several: an element of the document, or a membership, which has rows of its own."""

    def __init__(self, value: Callable[[str | None], ColumnElement[Any]], *, is_row: bool) -> None:
        self._value = value
        self._is_row = is_row

    def present(self, binding: AttributeBinding) -> ColumnElement[bool]:
        value = self._value(_sub_name(binding))
        return value.is_not(None) if self._is_row else _present(value)

    def compare(self, binding: AttributeBinding, op: CompareOperator, wanted: Any) -> ColumnElement[bool]:
        value = self._value(_sub_name(binding))
        return _compare_text(value if self._is_row else _text(value), op, wanted)


def _any_entry(binding: AttributeBinding, of: Callable[[_Entry], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return that any value of a multi-valued attribute is as `of` says."""
    if binding.field_name in _LINKS:
        return _any_link(binding, of)
    entries = func.jsonb_array_elements(_head(binding)).table_valued("value")
    element = cast(entries.c.value, JSONB)
    entry = _Entry(lambda name: element if name is None else element[name], is_row=False)
    return exists(select(1).select_from(entries).where(of(entry)))


def _any_link(binding: AttributeBinding, of: Callable[[_Entry], ColumnElement[bool]]) -> ColumnElement[bool]:
    other = aliased(ResourceRow)
    if binding.field_name == "members":
        own, far = MemberRow.group_id, MemberRow.member_id
    else:
        own, far = MemberRow.member_id, MemberRow.group_id
    columns: dict[str | None, ColumnElement[Any]] = {
        None: MemberRow.group_id.expression,
        "value": far.expression,
        "display": other.unique_name.expression,
        "type": func.lower(other.kind),
    }
    if _sub_name(binding) not in _OF_LINKS:
        raise InvalidFilterException(detail=f"there is no filter on {binding.urn}")
    members = select(1).select_from(MemberRow).join(other, other.id == far).where(own == ResourceRow.id)
    return exists(members.where(of(_Entry(lambda name: _column(columns, name), is_row=True))).correlate(ResourceRow))


def _column(columns: dict[str | None, ColumnElement[Any]], name: str | None) -> ColumnElement[Any]:
    if name not in columns:
        raise InvalidFilterException(detail=f"there is no filter on {name} of a membership")
    return columns[name]


def _compare_any(binding: AttributeBinding, op: CompareOperator, wanted: Any) -> ColumnElement[bool]:
    if wanted is None:
        # "emails eq null": whether there is none at all.
        present = _any_entry(binding, lambda entry: entry.present(binding))
        return not_(present) if op is CompareOperator.eq else present
    if op is CompareOperator.ne:
        return not_(_any_entry(binding, lambda entry: entry.compare(binding, CompareOperator.eq, wanted)))
    return _any_entry(binding, lambda entry: entry.compare(binding, op, wanted))


def _compare_text(value: ColumnElement[Any], op: CompareOperator, wanted: Any) -> ColumnElement[bool]:
    """Compare the text of a JSON value. Strings sort by code points, whatever the database's own order is."""
    if wanted is None:
        return _compare_null(value, op)
    text = {True: "true", False: "false"}[wanted] if isinstance(wanted, bool) else wanted
    if not isinstance(text, str):
        return literal(op is CompareOperator.ne)
    if "\0" in text:
        raise InvalidFilterException(detail="a filter holds no NUL character")
    term = literal(text)
    if op in _ORDER:
        return func.coalesce(_ORDER[op](collate(value, "C"), collate(term, "C")), false())
    if op is CompareOperator.ne:
        return not_(func.coalesce(value == term, false()))
    return func.coalesce(_MATCH[op](value, term), false())


def _compare_column(column: Any, op: CompareOperator, wanted: Any) -> ColumnElement[bool]:
    if not isinstance(wanted, datetime):
        is_time = column is ResourceRow.created or column is ResourceRow.modified
        return literal(op is CompareOperator.ne) if is_time and wanted else _compare_text(column, op, wanted)
    if op in _ORDER:
        return _ORDER[op](column, wanted)
    same: ColumnElement[bool] = column == wanted
    return same if op is CompareOperator.eq else not_(same)


def _compare_null(value: ColumnElement[Any], op: CompareOperator) -> ColumnElement[bool]:
    match op:
        case CompareOperator.eq:
            return value.is_(None)
        case CompareOperator.ne:
            return value.is_not(None)
        case _:
            return false()


def _comparable(binding: AttributeBinding, node: Comparison) -> Any:
    """Return the value that a filter compares with, folded as what is kept; a moment as such."""
    value = node.value
    if binding.target_type is datetime and isinstance(value, str) and node.op in {*_ORDER, "eq", "ne"}:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidFilterException(detail=f"'{value[:60]}' is no date and time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return binding.comparable(value)


def _present(value: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.coalesce(func.jsonb_path_exists(value, cast(_NOT_EMPTY, JSONPATH)), false())


def _value(binding: AttributeBinding) -> Any:
    """Return the JSON value of an attribute that holds one value."""
    head = _head(binding)
    return head if binding.sub_field_name is None else head[_name(binding.field_type, binding.sub_field_name)]


def _head(binding: AttributeBinding) -> Any:
    """Return the JSON value of an attribute without its sub-attribute; those of an extension lie under its schema."""
    place: Any = ResourceRow.comparable
    schema = str(getattr(binding.model, "__schema__", ""))
    if ":extension:" in schema:
        place = place[schema]
    return place[_name(binding.model, binding.field_name)]


def _text(value: Any) -> ColumnElement[Any]:
    return value.op("#>>", return_type=Text())(_ITSELF)  # type: ignore[no-any-return]


def _name(model: Any, field: str) -> str:
    return str(model.model_fields[field].serialization_alias)


def _sub_name(binding: AttributeBinding) -> str | None:
    return None if binding.sub_field_name is None else _name(binding.field_type, binding.sub_field_name)


def _kind(binding: AttributeBinding) -> str:
    return str(getattr(binding.model, "__schema__", "")).rpartition(":")[2]


def _place(binding: AttributeBinding) -> str:
    return ".".join(filter(None, (binding.field_name, binding.sub_field_name)))
