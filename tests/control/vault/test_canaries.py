"""Canaries: values that the vault knows are put through every door that writes text, then searched for everywhere."""

import base64
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, text

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.rotations import Rule
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import AuditReport, ReportBatch, Sequenced
from tests.fixtures.company import Company
from tests.fixtures.rotated import put

pytestmark = pytest.mark.req("SE1")
CANARY = 'canary/7f3d+"quoted" é-9b1c-value'
FORMS = {
    "plain": CANARY,
    "base64": base64.b64encode(f"user:{CANARY}".encode()).decode(),
    "url": quote(CANARY, safe=""),
    "json": json.dumps({"password": CANARY}),
    "hex": CANARY.encode().hex(),
    "broken": f"{CANARY[:12]}\n{CANARY[12:]}",
}
# What of each form tells the value, wherever it is found.
TRACES = (
    CANARY,
    CANARY.replace('"', '\\"'),
    "canary/7f3d",
    "canary%2F7f3d",
    "canary%2f7f3d",
    "9b1c-value",
    base64.b64encode(f"user:{CANARY}".encode()).decode()[8:32],
    CANARY.encode().hex(),
)


@pytest.fixture
def fed(company: Company) -> Company:
    """Everything that a person, an app or a plane may write, with every form of the canary in it."""
    put(company, "canary", CANARY)
    _write(company, "; ".join(f"it says {form} here" for form in FORMS.values()))
    return company


def _write(company: Company, words: str) -> None:
    control, people = company.control, company.people
    admin, builder = people["admin"], people["builder"]
    control.integrations.set_enabled(admin, "orders-db", enabled=False, reason=words)
    control.integrations.set_enabled(admin, "orders-db", enabled=True, reason=words)
    refused = company.push("builder", {"notes.py": f"NOTES = {words!r}\n"}, message=words)
    assert not refused.accepted
    assert not _traces("\n".join(refused.lines))
    for ask in (
        lambda: control.rotations.rotate(admin, "canary", words),
        lambda: control.rotations.declare(admin, "canary", Rule("user:it@example.com", None, 0, 0), words),
        lambda: control.rotations.rotate(builder, "canary", words),
    ):
        try:
            ask()
        except BailiwickError as fault:
            assert not _traces(repr(fault.problem()))
    context = {"statement": f"SELECT '{words}'", "tables": (words, "orders")}
    event = AuditEvent(
        time=utc_now(),
        actor="app:finance/desk",
        action="query.executed",
        resource="integration:orders-db",
        reason=words,
        context=context,
        before={"words": words},
        after={"words": words},
    )
    report = Sequenced(sequence=next(_NUMBERS), report=AuditReport(event=event))
    control.planes.take_reports("production", ReportBatch(spool="s", reports=(report,)))


_NUMBERS = (number for number in range(1, 1000))


def _traces(found: str) -> list[str]:
    return [trace for trace in TRACES if trace in found]


def _rows(company: Company) -> Iterator[tuple[str, str]]:
    """Yield every row of every table of the store as text, past row-level security; bytes as they read."""
    with create_engine(company.control.store.owner_url).connect() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        assert len(tables) > 50
        for table in tables:
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                for cell in row:
                    shown = bytes(cell).decode(errors="replace") if isinstance(cell, (bytes, memoryview)) else str(cell)
                    yield table, shown


def test_no_canary_is_found_in_any_table_file_log_line_or_answer(
    fed: Company, caplog: pytest.LogCaptureFixture
) -> None:
    assert {(table, trace) for table, cell in _rows(fed) for trace in _traces(cell)} == set()
    state = fed.control.settings.state
    files = [path for path in state.rglob("*") if path.is_file() and "repositories" not in path.parts]
    assert files
    assert [path for path in files if _traces(path.read_bytes().decode(errors="replace"))] == []
    assert _traces(caplog.text) == []
    assert caplog.handler.level <= logging.WARNING
    with fed.control.store.transaction() as session:
        events = search(session, AuditQuery(action="integration.disabled"), limit=50).events
    assert [item.event.reason.count("•••") for item in events] == [len(FORMS)]
    assert _traces(repr(fed.control.rotations.secret(fed.people["admin"], "canary"))) == []
