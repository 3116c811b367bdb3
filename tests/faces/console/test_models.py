"""The page of models, and their budgets over the API: what planes told is shown to whoever may see it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.control.inference import Standing
from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.messages import BudgetUse, LimitsReport, ModelUseReport, ReportBatch, Sequenced
from bailiwick.core.stops import StopKind, StopScope
from tests.faces.console.conftest import Console
from tests.fixtures.company import Company

pytestmark = pytest.mark.req("AI5", "OB6")


@pytest.fixture
def more_settings() -> dict[str, Any]:
    common = {"wire": "openai-chat", "url": "https://models.example.com/v1", "model": "nova-large"}
    inference = {
        "models": [
            {"name": "support-model", **common, "open_to": ["group:builder"], "price": {"input": 3, "output": 15},
             "environments": ["editor", "production"], "data_classes": ["customer"]},
            {"name": "secret-model", **common, "price": {"input": 1, "output": 1}},
        ],
        "budgets": [{"name": "team", "of": "folder:finance", "money": 10},
                    {"name": "people", "of": "each:person", "per": "day", "money": 2}],
    }  # fmt: skip
    return {"inference": ModelSettings.model_validate(inference)}


def tell(company: Company, *uses: BudgetUse, plane: str = "production", shared: bool = False) -> None:
    """Have a plane tell what was used."""
    now = datetime.now(UTC)
    limits = LimitsReport(
        integration="model:support-model", seconds=10, calls=4, waited=1, repeated=0, refused={"rate": 2}, nearest=(),
        breaker="closed", time=now,
    )  # fmt: skip
    reports = (ModelUseReport(uses=uses, shared=shared, time=now), limits)
    batch = ReportBatch(
        spool=f"s{now.timestamp()}",
        reports=tuple(Sequenced(sequence=number, report=report) for number, report in enumerate(reports, 1)),
    )
    company.control.planes.take_reports(plane, batch)


def uses() -> tuple[BudgetUse, ...]:
    now = datetime.now(UTC)
    day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
    return (
        BudgetUse(budget="team", of="folder:finance", period=month, used={"money": 8_500_000}),
        BudgetUse(budget="people", of="user:builder@example.com", period=day, used={"money": 2_000_000}),
        BudgetUse(budget="people", of="user:user@example.com", period=day, used={"money": 10_000}),
        BudgetUse(budget="people", of="user:lead@example.com", period="2020-01-01", used={"money": 1}),
        BudgetUse(budget="no-such-budget", of="user:eve@example.com", period=day, used={"money": 1}),
    )


def standing(found: list[Standing], name: str) -> Standing:
    return next(item for item in found if item.budget.name == name)


def test_the_page_shows_models_with_what_is_left_of_their_budgets(console: Console) -> None:
    tell(console.company, *uses())
    admin, _ = console.signed_in("admin")
    page = admin.get("/models").text
    assert "2 models; 1 budget is spent: people." in page
    assert "2.00 of 2.00 EUR, 0.00 left" in page
    assert "folder:finance, production: 8.50 of 10.00 EUR, 1.50 left" in page
    assert "secret-model" in page
    assert "4 calls, 1 waited" in page
    assert "user:lead@example.com" not in page
    builder, _ = console.signed_in("builder")
    own = builder.get("/models").text
    assert "secret-model" not in own
    assert "user:user@example.com" not in own
    assert "user:builder@example.com, production: 2.00 of 2.00 EUR" in own
    issued = console.company.control.identity.issue_token(
        console.company.people["builder"], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    )
    answer = httpx2.get(
        f"{console.url}/api/v1/model-budgets", headers={"authorization": f"Bearer {issued.secret}"}, timeout=20
    )
    people = next(item for item in answer.json()["budgets"] if item["name"] == "people")
    assert (people["limits"], people["currency"], people["per"]) == ({"money": 2.0}, "EUR", "day")
    assert [(use["used"], use["left"], use["stopped"]) for use in people["uses"]] == [(2.0, 0, True)]
    scope = StopScope(StopKind.MODEL, "support-model")
    console.company.control.stops.stop(console.company.people["admin"], scope, "it answers with secrets")
    assert "Stopped by the kill switch: support-model." in admin.get("/models").text
    assert console.browser().get("/models").status_code in {302, 303, 401}


def test_planes_that_count_together_are_told_of_once_and_others_each(company: Company) -> None:
    control = company.control
    tell(company, *uses(), plane="production")
    tell(company, *uses(), plane="editor")

    def seen(who: str) -> list[Standing]:
        with control.store.transaction() as session:
            return control.planes.models.seen_by(session, company.people[who])[1]

    assert [use.plane for use in standing(seen("admin"), "team").uses] == ["editor", "production"]
    for plane in ("production", "editor"):
        tell(company, *uses(), plane=plane, shared=True)
    team = standing(seen("admin"), "team")
    assert [(use.plane, use.words) for use in team.uses] == [("", "8.50 of 10.00 EUR, 1.50 left")]
    assert (team.uses[0].is_near, team.uses[0].is_spent) == (True, False)
    # Nobody sees what another person used but whoever reads models.
    assert {use.of for use in standing(seen("builder"), "people").uses} == {"user:builder@example.com"}
    assert "secret-model:all" not in {item.budget.name for item in seen("builder")}
