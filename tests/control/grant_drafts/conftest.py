"""A company whose database of orders a plane has looked at."""

import pytest

from bailiwick.control.grant_drafts import Catalogue
from bailiwick.core.clock import utc_now
from bailiwick.core.messages import CatalogueReport, ColumnSeen, ReportBatch, Sequenced, TableSeen
from tests.fixtures.company import Company

ORDERS = TableSeen(
    namespace="public",
    name="orders",
    rows=1200,
    columns=(
        ColumnSeen(name="id", type="integer", key=True),
        ColumnSeen(name="region", type="text"),
        ColumnSeen(name="customer_email", type="text", suggests="personal-email", because="both", share=10),
        ColumnSeen(name="card_number", type="text", suggests="payment-card", because="form", share=9),
        ColumnSeen(name="amount", type="numeric"),
        ColumnSeen(name="ordered_at", type="timestamp with time zone"),
    ),
)
REFUNDS = TableSeen(namespace="public", name="refunds", columns=(ColumnSeen(name="id", type="integer"),))


def tell(company: Company, *reports: object, plane: str = "editor") -> None:
    """Have a plane report, as planes do."""
    for number, report in enumerate(reports, 1):
        batch = ReportBatch(spool=f"s{utc_now().timestamp()}", reports=(Sequenced(sequence=number, report=report),))  # type: ignore[arg-type]
        company.control.planes.take_reports(plane, batch)


def seen(*tables: TableSeen, integration: str = "orders-db", fault: str = "") -> CatalogueReport:
    return CatalogueReport(integration=integration, tables=tables, time=utc_now(), fault=fault)


def catalogue(company: Company) -> Catalogue | None:
    with company.control.store.transaction() as session:
        return company.control.catalogues.catalogue(session, "orders-db")


@pytest.fixture
def looked_at(company: Company) -> Company:
    control = company.control
    with control.store.transaction() as session:
        control.vault.put(session, "orders-db", "the-real-credential", by="user:admin@example.com")
    assert control.catalogues.look(company.people["admin"], "orders-db") == "editor"
    tell(company, seen(ORDERS, REFUNDS))
    return company
