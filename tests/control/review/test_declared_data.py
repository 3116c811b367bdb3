"""Classes of data: what grants bring and the manifest does not name, what it names for nothing, and the edit."""

import json

import pytest

from bailiwick.control.review import Change, Entry, Finding, Severity, Surroundings
from bailiwick.control.review.engines.declared import check, edits
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.grants import ClassedAccess
from bailiwick.core.manifest import parse_manifest

HEAD = '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n'
ORDERS = '\n[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n'
CODE = "import os\n\n\ndef app():\n    return os.environ['ORDERS_URL']\n"
AROUND = Surroundings(
    classes=(
        ClassedAccess("orders-db", "orders:read", (("orders.email", "customer"), ("orders.card", "payment"))),
        ClassedAccess("orders-db", "refunds:write", (("refunds.iban", "bank"),)),
    )
)


def findings(manifest: str, code: str = CODE, around: Surroundings = AROUND) -> list[Finding]:
    files = (TreeFile("bailiwick.toml", manifest.encode()), TreeFile("desk.py", code.encode()))
    entries = tuple(Entry(file.path.encode(), "100644", "blob", 1) for file in files)
    return list(check.check(Change("t", entries, files), around))


def with_classes(*names: str) -> str:
    return f"{HEAD}data_classes = {json.dumps(names)}\n{ORDERS}"


@pytest.mark.req("RV4")
def test_a_class_that_a_grant_brings_and_nobody_named_blocks_with_the_edit_that_names_it() -> None:
    (item,) = findings(with_classes("customer"))
    assert (item.rule.id, item.severity, item.path, item.line) == (
        "undeclared-data-class", Severity.MEDIUM, "bailiwick.toml", 7,
    )  # fmt: skip
    assert "orders:read of orders-db brings payment data (orders.card)" in item.message
    assert "newly say that it handles payment data" in item.message
    assert item.edit is not None
    after = edits.applied(with_classes("customer"), item.edit)
    assert parse_manifest(after).app.data_classes == ("customer", "payment")
    assert findings(after) == []


@pytest.mark.req("RV4")
@pytest.mark.parametrize(
    "classes",
    ["", "data_classes = []\n", 'data_classes = ["customer"]  # agreed\n', 'data_classes = [\n  "customer",\n]\n'],
)
def test_the_edit_knows_the_ways_in_which_manifests_are_written(classes: str) -> None:
    written = HEAD + classes + ORDERS
    for item in findings(written):
        assert item.edit is not None
        assert set(parse_manifest(written).app.data_classes) < set(
            parse_manifest(edits.applied(written, item.edit)).app.data_classes
        )


def test_a_manifest_that_is_written_otherwise_gets_no_edit() -> None:
    assert edits.name_class(HEAD + '"data_classes" = ["a"]\n', "payment") is None


@pytest.mark.req("RV4")
def test_only_what_the_app_asks_for_counts() -> None:
    assert findings(with_classes("customer", "payment")) == []
    more = with_classes("customer", "payment").replace('["orders:read"]', '["orders:read", "refunds:write"]')
    (item,) = findings(more)
    assert "refunds:write of orders-db brings bank data" in item.message


@pytest.mark.req("RV4")
def test_a_class_that_nothing_brings_is_said_and_takes_nothing_away() -> None:
    (item,) = findings(with_classes("customer", "payment", "health"))
    assert (item.rule.id, item.severity, item.edit) == ("declared-but-unused", Severity.LOW, None)
    assert "names health, but no grant brings such data and no code speaks of it" in item.message
    spoken = CODE + "\n\ndef note(health_record):\n    return health_record\n"
    assert findings(with_classes("customer", "payment", "health"), spoken) == []


@pytest.mark.req("RV4")
def test_integrations_that_nobody_classified_are_not_judged() -> None:
    assert findings(with_classes("customer"), around=Surroundings()) == []
    assert findings(HEAD + ORDERS, around=Surroundings()) == []


@pytest.mark.req("RV4", "RT6")
def test_the_folder_that_stays_is_declared_where_it_is_used_and_used_where_it_is_declared() -> None:
    declared = f'{HEAD}\n[storage]\nsize = "8MiB"\n'
    asks = "import os\n\n\ndef app():\n    return open(os.environ['STORAGE_DIR'] + '/notes', 'w')\n"
    writes = "def app():\n    return open('/storage/notes', 'w')\n"
    for code in (asks, writes):
        assert findings(declared, code) == []
    (undeclared,) = findings(HEAD, asks)
    assert 'given where [storage] size = "100MiB" is declared' in undeclared.message
    assert [item.rule.id for item in findings(HEAD, writes)] == ["writes-outside"]
    (unused,) = findings(declared, "def app():\n    return 1\n")
    assert unused.rule.id == "declared-but-unused"
    assert unused.edit is not None
    assert parse_manifest(edits.applied(declared, unused.edit)).storage is None
