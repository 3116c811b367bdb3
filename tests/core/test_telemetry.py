"""The register of telemetry: what is not in it does not pass, what is new in it is off, and it is complete."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import AnyReport
from bailiwick.core.telemetry import (
    MAY_BE_LEFT_OUT,
    Field,
    Gate,
    Register,
    RegisterError,
    declared_gate,
    own_register,
    read_register,
    undeclared_reports,
    why_needed,
    without,
)
from bailiwick.core.telemetry.reports import models_in

pytestmark = pytest.mark.req("AI3")
SOURCE = Path(__file__).parents[2] / "src" / "bailiwick"
NOW = datetime(2026, 3, 4, tzinfo=UTC)


def event(**named: object) -> AuditEvent:
    usual = {"time": NOW, "actor": "user:a@example.com", "action": "app.created", "resource": "app:f/d"}
    return AuditEvent.model_validate({**usual, **named})


def with_new(name: str = "fact.wholly_new") -> Register:
    """Return the register of a next version, which brings a field."""
    own = own_register()
    added = Field(name, "what it did cost", "size", own.version + 1)
    return replace(own, version=own.version + 1, fields={**own.fields, name: added})


def gate(register: Register, told: list[str] | None = None, **switched: bool) -> Gate:
    on = register.on(own_register().version, {name.replace("__", "."): value for name, value in switched.items()})
    return Gate(on, frozenset(register.fields), (told if told is not None else []).append)


def test_a_fact_that_nobody_declared_does_not_pass_and_is_told_once() -> None:
    told: list[str] = []
    strict = gate(own_register(), told)
    for _ in range(3):
        passed = strict.event(event(context={"holder": "group:a", "shoe_size": 42}, before={"shoe_size": 41}))
        assert (passed.context, passed.before) == ({"holder": "group:a"}, {})
    assert told == ["fact.shoe_size"]


def test_a_field_of_a_new_version_is_off_until_somebody_turns_it_on() -> None:
    register, told = with_new(), []  # type: ignore[var-annotated]
    some = event(context={"wholly_new": 3, "holder": "group:a"})
    assert gate(register, told).event(some).context == {"holder": "group:a"}
    assert gate(register, fact__wholly_new=True).event(some).context == {"wholly_new": 3, "holder": "group:a"}
    # It is known, so nothing is told; and an installation that begins with that version has it on.
    assert told == []
    assert "fact.wholly_new" in register.on(register.version, {})
    assert register.on(0, {}) == {name for name, item in register.fields.items() if item.required}


def test_what_is_off_is_empty_and_what_every_event_is_made_of_stays() -> None:
    switched = {"event__client": False, "event__deciders": False, "event__context": False, "event__actor": False}
    shut = gate(own_register(), **switched)
    passed = shut.event(event(client="192.0.2.1", deciders=("a",), context={"holder": "x"}, reason="why"))
    assert (passed.client, passed.deciders, passed.context, passed.reason) == ("", (), {}, "why")
    assert passed.actor == "user:a@example.com"
    some = event(reason="why")
    assert shut.event(some) is some


def test_facts_whose_names_are_others_to_choose_pass_for_their_action_only() -> None:
    open_gate = gate(own_register())
    facts = {"favourite_colour": "red"}
    assert open_gate.event(event(action="person.changed", after=facts)).after == facts
    assert open_gate.event(event(action="app.changed", after=facts)).after == {}
    assert open_gate.event(event(context={"redacted.email": 2, "unredacted.email": 2})).context == {"redacted.email": 2}


def test_a_document_passes_as_far_as_each_of_its_names_is_declared() -> None:
    told: list[str] = []
    names = frozenset({"form.a", "form.b", "form.b.c", "form.d", "form.d.*"})
    passed = Gate(names, names, told.append).document(
        "form", {"a": 1, "b": [{"c": 2, "x": 3}], "d": {"any": {"thing": 4}}, "e": 5}
    )
    assert passed == {"a": 1, "b": [{"c": 2}], "d": {"any": {"thing": 4}}}
    assert told == ["form.b.x", "form.e"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version = ", "no register"),
        ("version = 1\nfields = 3", "no register"),
        ('version = 1\n[[fields]]\nto = "fact"\nclass = "size"\nsince = 1\nnames = ["a"]', "no register"),
        ('version = 1\n[[fields]]\nto = "f"\npurpose = "a purpose"\nclass = "size"\nsince = 1\nnames = ["a", "a"]',
         "twice"),
        ('version = 1\n[[fields]]\nto = "f"\npurpose = "a purpose"\nclass = "size"\nsince = 2\nnames = ["a"]',
         "of version 2"),
        ('version = 1\n[[fields]]\nto = "f"\npurpose = "a purpose"\nclass = "size"\nsince = 1\nnames = ["a"]\nx = 1',
         "no register"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_register_is_refused(text: str, words: str) -> None:
    with pytest.raises(RegisterError, match=words):
        read_register(text)


def test_what_differs_between_two_registers_is_told() -> None:
    own, newer = own_register(), with_new()
    found = own.difference(newer)
    assert ([item.name for item in found.added], found.removed, found.changed) == (["fact.wholly_new"], (), ())
    assert [item.name for item in newer.difference(own).removed] == ["fact.wholly_new"]
    fields = {**own.fields, "fact.rows": replace(own.fields["fact.rows"], purpose="something else")}
    assert [after.name for _, after in own.difference(replace(own, fields=fields)).changed] == ["fact.rows"]
    assert newer.as_of(own.version).difference(own).added == ()


def test_only_what_an_event_or_a_notice_cannot_be_without_is_required() -> None:
    required = {name for name, item in own_register().fields.items() if item.required}
    parts = ("id", "time", "tenant", "actor", "action", "resource", "outcome")
    assert required == {
        *(f"event.{name}" for name in parts),
        *(f"notice.alert{part}" for part in ("", "_id", "_rule", "_severity", "_step")),
        "notice.app",
        "notice.budget",
        "notice.epoch",
        "otel.span",
    }


def test_every_field_of_an_event_and_of_every_report_of_planes_is_declared() -> None:
    assert {name for name in AuditEvent.model_fields if f"event.{name}" not in own_register().fields} == set()
    assert undeclared_reports(own_register()) == {}
    fields = {name: item for name, item in own_register().fields.items() if name != "plane.egress.hosts.people"}
    assert undeclared_reports(replace(own_register(), fields=fields)) == {"egress": ["plane.egress.hosts.people"]}


def _literals(node: ast.expr) -> Iterator[str]:
    """Yield the names in the dictionaries that an expression is put together from."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from _literals(value)
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value
    elif isinstance(node, ast.BinOp):
        yield from (*_literals(node.left), *_literals(node.right))
    elif isinstance(node, ast.IfExp):
        yield from (*_literals(node.body), *_literals(node.orelse))


def _facts(tree: ast.AST) -> Iterator[str]:
    """Yield the names of facts in a module: what is given to events, and what is said to be facts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("note", "AuditEvent")):
            given = [item.value for item in node.keywords if item.arg in {"context", "before", "after"}]
            for value in (*given, *node.args):
                yield from _literals(value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            if "ContextFact" in ast.unparse(node.annotation):
                yield from _literals(node.value)
        elif isinstance(node, ast.FunctionDef) and node.returns and "ContextFact" in ast.unparse(node.returns):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from _literals(inner.value)


def test_every_fact_that_the_source_gives_an_event_is_declared() -> None:
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        if re.search(r"ContextFact|AuditEvent\(|[._]note\(", text):
            found.update(_facts(ast.parse(text)))
    assert len(found) > 150
    missing = sorted(name for name in found if not declared_gate().passes(f"fact.{name}"))
    assert missing == [], "declare them in core/telemetry/register.toml, with a purpose and a class, in a new version"


def test_facts_that_are_named_only_when_they_are_made_are_declared_too() -> None:
    made = ("approver", "dependencies", "manifest", "platform", "policies", "runtime", "sandbox", "signs", "topics")
    assert [name for name in made if not declared_gate().passes(f"fact.{name}")] == []


# What a field of some name must look like.
_NAMED = {"trace": "0" * 31 + "1", "span": "0" * 15 + "1", "start": "2026-03-04T05:06:07Z"}
_PLAIN = {datetime: "2026-03-04T05:06:07Z", date: "2026-03-04", bool: True, int: 1, float: 0.5}


def _filled(annotation: Any) -> Any:
    """Return something that a field of a report may hold."""
    parts, origin = get_args(annotation), get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        found: Any = {name: _NAMED.get(name) or _filled(told.annotation) for name, told in fields if told.is_required()}
    elif origin in {tuple, frozenset}:
        found = [_filled(parts[0])]
    elif origin in {Mapping, dict}:
        found = {"one": _filled(parts[1])}
    elif origin is Literal:
        found = parts[-1]
    else:
        found = _filled(parts[0]) if parts else _PLAIN.get(annotation, "word")
    return found


@pytest.mark.parametrize("name", sorted(MAY_BE_LEFT_OUT))
def test_what_may_be_off_can_be_missing_in_its_report(name: str) -> None:
    """Every report is still one that the control plane reads, and says nothing of the field."""
    _, kind, *path = name.split(".")
    (model,) = [item for item in get_args(AnyReport) if item.model_fields["kind"].default == kind]
    body = _filled(model)
    holder, told = body, model
    for step in path[:-1]:
        holder.setdefault(step, _filled(told.model_fields[step].annotation))
        (told,) = models_in(told.model_fields[step].annotation)
        holder = holder[step][0] if isinstance(holder[step], list) else holder[step]
    holder[path[-1]] = _filled(told.model_fields[path[-1]].annotation)
    before = str(holder[path[-1]])
    without(body, kind, [name])
    assert str(holder.get(path[-1], "")) in {"", "[]"}
    assert before not in {"", "[]"}
    model.model_validate(body)
    assert name in own_register().fields
    assert why_needed(name) == ""


def test_each_field_of_planes_that_cannot_be_off_says_why() -> None:
    planes = [name for name in own_register().fields if name.startswith("plane.")]
    assert all(bool(why_needed(name)) is not (name in MAY_BE_LEFT_OUT) for name in planes)
    body = {"words": "w", "status": "failed"}
    without(body, "app", ["plane.app.status", "plane.job.words", "app.words", "plane.app", ""])
    assert body == {"words": "w", "status": "failed"}
