"""OCSF against its own schema, CEF against an independent reader: also for content that wants to break out."""

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from bailiwick.control.exporters import Outgoing
from bailiwick.control.exporters.formats.cef import cef
from bailiwick.control.exporters.formats.native import native
from bailiwick.control.exporters.formats.ocsf import VERSION, ocsf
from bailiwick.core.events import AuditEvent, canonical_bytes, canonical_json
from bailiwick.core.merkle import leaf_hash
from bailiwick.core.telemetry import Gate, declared_gate

SOURCE = Path(__file__).parents[3] / "src" / "bailiwick"
# Strings with the form of an action, in the source: a superset of the actions that are noted.
ACTIONS = sorted(
    {
        found
        for file in SOURCE.rglob("*.py")
        for found in re.findall(r'"([a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*ed|release\.rolled-back)"', file.read_text())
    }
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
EVENTS = st.builds(
    AuditEvent,
    time=st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    actor=TEXT,
    action=st.sampled_from(ACTIONS),
    resource=TEXT,
    outcome=st.sampled_from(["success", "refused", "failed"]),
    reason=TEXT,
    app=TEXT,
    release=TEXT,
    trace=TEXT,
    plane=TEXT,
    deciders=st.lists(TEXT, max_size=2).map(tuple),
    context=st.dictionaries(st.sampled_from(["role", "holder", "host", "rows"]), TEXT | st.integers() | st.none()),
)


@cache
def published() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))


@cache
def schema(class_uid: int, profiles: tuple[str, ...]) -> Draft202012Validator:
    name = published().lookup_class_name_from_uid(class_uid)
    return Draft202012Validator(published().get_class_schema(name, list(profiles)))


def faults(document: dict[str, Any]) -> list[str]:
    # As a receiver sees it: through JSON.
    seen = json.loads(canonical_json(document))
    profiles = tuple(seen["metadata"].get("profiles", ()))
    return [fault.message for fault in schema(seen["class_uid"], profiles).iter_errors(seen)]


def undeclared(name: str) -> None:
    raise AssertionError(f"{name} is not in the register of telemetry")


# What a form adds that the register does not declare is a fault here; in production it is left out, and told.
STRICT = Gate(declared_gate().on, declared_gate().declared, undeclared)


def event(**fields: Any) -> Outgoing:
    values = {"time": datetime(2026, 11, 28, 10, 2, tzinfo=UTC), "actor": "user:a@example.com", "resource": "app:f/d"}
    return Outgoing(7, AuditEvent(**{**values, "action": "app.created", **fields}), STRICT)


@pytest.mark.req("OB3")
def test_the_source_has_many_actions() -> None:
    assert len(ACTIONS) > 40
    assert {"session.created", "role.assigned", "query.executed", "exporter.failed"} <= set(ACTIONS)


@pytest.mark.req("OB3")
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_valid_ocsf(action: str) -> None:
    document = ocsf(event(action=action, trace="4bf9", context={"role": "builder", "host": "api.example"}))
    assert faults(document) == []
    assert document["metadata"]["uid"] == "default/7"  # type: ignore[index]


@pytest.mark.req("OB3")
@given(EVENTS, st.integers(0, 2**53))
def test_no_content_makes_invalid_ocsf(some: AuditEvent, place: int) -> None:
    assert faults(ocsf(Outgoing(place, some))) == []


@pytest.mark.req("OB3")
@pytest.mark.parametrize(
    ("action", "class_uid", "activity"),
    [
        ("session.created", 3002, "Logon"),
        ("person.deactivated", 3001, "Disable"),
        ("role.removed", 3005, "Revoke Privileges"),
        ("query.refused", 6005, "Query"),
        ("app.killed", 6002, "Stop"),
        ("secret.fetched", 3004, "Read"),
        ("egress.refused", 4001, "Refuse"),
        ("something.unheard-of", 6003, "something.unheard-of"),
    ],
)
def test_actions_have_the_class_that_an_analyst_looks_for(action: str, class_uid: int, activity: str) -> None:
    document = ocsf(event(action=action, outcome="refused", reason="no grant"))
    assert (document["class_uid"], document["activity_name"]) == (class_uid, activity)
    assert (document["status"], document["status_detail"]) == ("Failure", "no grant")


@pytest.mark.req("OB3")
@pytest.mark.parametrize(
    "fault",
    [{"time": "today"}, {"metadata": {}}, {"severity_id": 42}, {"colour": "red"}, {"activity_id": 77}, {"app": None}],
)
def test_a_planted_fault_is_found_by_the_schema(fault: dict[str, Any]) -> None:
    assert faults({**ocsf(event()), **fault})


@pytest.mark.req("OB3")
def test_our_own_form_carries_what_the_tree_commits_to() -> None:
    some = event(context={"rows": 1})
    copy = AuditEvent.model_validate(json.loads(canonical_json(native(some)))["event"])
    assert leaf_hash(canonical_bytes(copy)) == leaf_hash(canonical_bytes(some.event))


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """Read CEF by its rules, one character after the other, as a receiver would."""
    assert line.startswith("CEF:0|")
    assert len(line.splitlines()) == 1
    fields, current, place = [], "", len("CEF:0|")
    while len(fields) < 6:
        if line[place] == "\\":
            current += line[place + 1]
            place += 2
        elif line[place] == "|":
            fields.append(current)
            current, place = "", place + 1
        else:
            current += line[place]
            place += 1
    # A name begins the line or follows a space, and an equals sign that is not escaped follows it.
    rest = line[place:]
    names = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=", rest))
    pairs = {}
    for this, following in zip(names, [*names[1:], None], strict=True):
        raw = rest[this.end() : following.start() if following else len(rest)]
        pairs[this[1]] = re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), raw)
    return fields, pairs


def clean(value: str) -> str:
    return "".join(c if c.isprintable() or c in " \n\r" else "\ufffd" for c in value.replace("\r\n", "\n"))


@pytest.mark.req("OB3")
@given(EVENTS)
def test_cef_is_read_as_it_was_meant(some: AuditEvent) -> None:
    fields, pairs = read_cef(cef(Outgoing(3, some)))
    assert fields[3] == some.action
    assert pairs["externalId"] == f"{some.tenant}/3"
    assert set(pairs) <= {"externalId", "rt", "suser", "act", "outcome", "reason", "dvchost"} | {
        f"cs{n}{label}" for n in range(1, 7) for label in ("", "Label")
    }
    for name, value in {"suser": some.actor, "reason": some.reason, "cs1": some.resource, "cs2": some.app}.items():
        assert pairs.get(name, "") == clean(value)


@pytest.mark.req("OB3")
def test_cef_cannot_be_broken_out_of() -> None:
    _, pairs = read_cef(cef(event(reason="x outcome=success\ncs1=app:other|CEF:0|", outcome="refused")))
    assert pairs["outcome"] == "refused"
    assert pairs["reason"] == "x outcome=success\ncs1=app:other|CEF:0|"
    assert pairs["cs1"] == "app:f/d"
