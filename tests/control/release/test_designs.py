import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.catalog import App
from bailiwick.control.design import Design
from tests.fixtures.company import APP, MANIFEST, Company

READS = 'import os\n\nurl = os.environ["ORDERS_URL"]\napp = url\n'


def app_of(company: Company) -> App:
    with company.control.store.transaction() as session:
        return company.control.catalog.app(session, APP)


def released(company: Company) -> str:
    asked = company.control.deploys.request(company.people["builder"], APP)
    return company.control.deploys.approve(company.people["admin"], asked.id, "looked at the picture").release


def approved(company: Company) -> list[dict[str, object]]:
    with company.control.store.transaction() as session:
        found = search(session, AuditQuery(app=APP, action="design.approved"), limit=10).events
    return [dict(item.event.context) for item in reversed(found)]


def running(company: Company) -> Design:
    with company.control.store.transaction() as session:
        design = company.control.deploys.production_design(session, company.control.catalog.app(session, APP))
    assert design is not None
    return design


@pytest.mark.req("RV12", "DG1")
def test_a_design_is_approved_with_the_first_deploy_and_again_when_it_grows(company: Company) -> None:
    assert company.push("builder", {"app.py": READS}).accepted
    released(company)
    first = running(company)
    assert first.purpose == "Shows orders to support staff"
    assert [(part.kind, part.name, part.verbs, part.seen) for part in first.parts] == [
        ("data", "orders-db.orders", ("select",), True),
        ("job", "nightly: 0 2 * * * app:app", (), True),
    ]
    assert company.push("builder", {"app.py": READS + "\n# more\n"}).accepted
    released(company)
    (only,) = approved(company)
    assert only["design"] == first.digest()
    assert "is for: Shows orders to support staff" in str(only["grown"])
    wider = MANIFEST.replace("Shows orders to support staff", "Shows orders to everybody").replace(
        'runtime = "python3"', 'runtime = "python3"\ndata_classes = ["customer"]'
    )
    wider += '\n[egress]\nallow = ["rates.example.net:443"]\n'
    assert company.push("builder", {"bailiwick.toml": wider, "app.py": READS}).accepted
    released(company)
    second = approved(company)[1]
    assert list(second["grown"]) == [  # type: ignore[call-overload]
        "is for: Shows orders to everybody",
        "handles customer data",
        "connects to rates.example.net:443 (connect)",
    ]
    host = next(part for part in running(company).parts if part.kind == "host")
    assert not host.seen, "declared, and not seen in the code"


@pytest.mark.req("RV12")
def test_the_signed_approval_names_the_design_that_was_shown(company: Company) -> None:
    from sqlalchemy import text

    from bailiwick.core.statements import Envelope

    assert company.push("builder", {"app.py": READS}).accepted
    release = released(company)
    with company.control.store.transaction() as session:
        chain = session.execute(text("SELECT chain FROM releases WHERE id = :id"), {"id": release}).scalar_one()
    payload = Envelope.model_validate(chain["approvals"][0]).model_dump(by_alias=True)["payload"]
    import base64

    assert running(company).digest() in base64.b64decode(payload).decode()
