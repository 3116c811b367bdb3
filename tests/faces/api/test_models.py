"""Models over the API, and a call with a token from there through a gateway of that control plane."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from bailiwick.control.identity import API_AUDIENCE, GIT_AUDIENCE, MODELS_AUDIENCE
from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import ReportBatch, Sequenced
from bailiwick.core.principals import Identity, Principal
from bailiwick.faces.api import build_api
from tests.fixtures.company import MANIFEST, Company
from tests.fixtures.model_gateway import ModelHouse, model_house
from tests.fixtures.model_server import KEY, ModelServer, model_server
from tests.fixtures.waiting import until

ASK: Any = [{"role": "user", "content": "Where is my order?"}]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[ModelHouse]:
    with model_house(tmp_path / "plane") as made:
        yield made


@pytest.fixture
def more_settings(server: ModelServer, gateway: ModelHouse, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "key").write_text(KEY)
    common = {"wire": "openai-chat", "url": server.url, "model": "nova-large", "key": {"file": str(tmp_path / "key")}}
    models = [
        {"name": "support-model", **common, "open_to": ["group:builder", "folder:finance"]},
        {"name": "secret-model", **common},
    ]
    return {"inference": ModelSettings.model_validate({"gateway": gateway.url, "models": models})}


@pytest.fixture
async def api(company: Company) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(build_api(company.control))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


def bearer(company: Company, who: str, doors: str = API_AUDIENCE) -> dict[str, str]:
    issued = company.control.identity.issue_token(
        company.people[who], audience=doors, lifetime=timedelta(minutes=5), purpose="test"
    )
    return {"authorization": f"Bearer {issued.secret}"}


@pytest.mark.req("AI2")
async def test_a_token_from_the_api_opens_the_models_that_were_given(
    company: Company, api: httpx2.AsyncClient, gateway: ModelHouse, server: ModelServer
) -> None:
    gateway.join(company.control)
    listed = await api.get("/v1/models", headers=bearer(company, "builder"))
    shown = {
        "name": "support-model", "family": "openai", "model": "nova-large", "price": None, "fallback": [],
        "environments": ["editor"], "data_classes": None, "regions": [], "images": False, "logs": "metadata",
        "answers": None,
    }  # fmt: skip
    assert listed.json() == {"models": [shown], "cursor": "", "gateway": gateway.url}
    assert (await api.get("/v1/models", headers=bearer(company, "user"))).json()["models"] == []
    issued = (await api.post("/v1/model-tokens", headers=bearer(company, "builder"))).json()
    client = openai.OpenAI(api_key=issued["token"], base_url=f"{issued['gateway']}/v1", max_retries=0)
    client.chat.completions.create(model="support-model", messages=ASK)
    assert server.calls[0].headers["authorization"] == f"Bearer {KEY}"
    with pytest.raises(openai.PermissionDeniedError):
        client.chat.completions.create(model="secret-model", messages=ASK)
    # It opens this door and no other.
    other = await api.get("/v1/models", headers={"authorization": f"Bearer {issued['token']}"})
    assert other.status_code == 401
    company.control.identity.revoke_principal(company.people["admin"], "user:builder@example.com", "a test")
    gateway.join(company.control)
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="support-model", messages=ASK)


@pytest.mark.req("AI2")
def test_only_tokens_for_models_are_answered_to_a_plane(company: Company) -> None:
    models = company.control.planes.models
    good = bearer(company, "builder", f"{API_AUDIENCE} {MODELS_AUDIENCE}")["authorization"].partition(" ")[2]
    assert models.answer_pass(good).token
    for doors in (API_AUDIENCE, GIT_AUDIENCE):
        other = bearer(company, "builder", doors)["authorization"].partition(" ")[2]
        with pytest.raises(BailiwickError):
            models.answer_pass(other)


@pytest.mark.req("AI2", "IN3")
def test_planes_get_the_keys_of_models_and_each_is_audited(company: Company) -> None:
    models = company.control.planes.models
    assert models.key("production", "support-model").value == KEY
    with pytest.raises(BailiwickError):
        models.key("production", "no-model")
    with company.control.store.transaction() as session:
        states = models.states(session)
    assert KEY not in repr(states)
    assert ("secret.fetched", "plane:production") in company.actions()


@pytest.mark.req("AI2")
def test_an_agents_pass_names_the_person_it_works_for(company: Company, gateway: ModelHouse) -> None:
    gateway.join(company.control)
    builder = company.people["builder"]
    agent = Identity(Principal("agent", "coder"), frozenset({"agent:coder"})).for_person(builder)
    issued = company.control.planes.models.issue_token(agent)
    client = openai.OpenAI(api_key=issued.token, base_url=f"{gateway.url}/v1", max_retries=0)
    with pytest.raises(openai.PermissionDeniedError, match="agent:coder"):
        client.chat.completions.create(model="support-model", messages=ASK)
    assert gateway.events[-1].acting_for == "user:builder@example.com"


@pytest.mark.req("AI2", "RV4")
def test_a_push_that_declares_a_model_that_is_not_there_is_refused_with_words(company: Company) -> None:
    answer = company.push("builder", {"bailiwick.toml": MANIFEST + '[models.default]\nuse = "large"\n'})
    assert not answer.accepted
    assert "there is no model 'large'; there are: secret-model, support-model" in str(answer)
    known = MANIFEST + '[models.default]\nuse = "support-model"\n'
    asks = "import os\n\nBASE = os.environ['OPENAI_BASE_URL']\napp = BASE\n"
    assert company.push("builder", {"bailiwick.toml": known, "app.py": asks}).accepted


@pytest.mark.req("AI2")
async def test_what_left_is_listed_and_switched_off_from_the_wire_to_the_api_and_back(
    company: Company, api: httpx2.AsyncClient, gateway: ModelHouse, server: ModelServer
) -> None:
    gateway.join(company.control)
    issued = (await api.post("/v1/model-tokens", headers=bearer(company, "builder"))).json()
    client = openai.OpenAI(api_key=issued["token"], base_url=f"{gateway.url}/v1", max_retries=0)
    account: Any = [{"role": "user", "content": "It goes to DE89370400440532013000."}]

    def ask() -> None:
        client.chat.completions.create(model="support-model", messages=account)

    ask()
    until(lambda: not gateway.models.gateway.under_way)
    gateway.models.roll_up(0.0)
    reports = tuple(Sequenced(sequence=place, report=item) for place, item in enumerate(gateway.reports, 1))
    company.control.planes.take_reports("production", ReportBatch(spool="s", reports=reports))
    listed = (await api.get("/v1/model-inventory?data_class=iban", headers=bearer(company, "admin"))).json()
    (line,) = listed["lines"]
    assert (line["person"], line["place"], line["found"], line["left"]) == ("user:builder@example.com", "user", 1, 1)
    assert "prompts" not in str(listed["kept"])
    wanted = {name: line[name] for name in ("model", "place", "data_class")}
    off = await api.post("/v1/model-switches", headers=bearer(company, "admin"), json={**wanted, "reason": "no"})
    assert (off.status_code, off.json()["words"]) == (
        201,
        "no data of the class iban in messages of the user to model support-model",
    )
    gateway.join(company.control)
    before = len(server.calls)
    with pytest.raises(openai.PermissionDeniedError, match="switched off by user:admin"):
        ask()
    assert len(server.calls) == before
    again = f"/v1/model-switches/{off.json()['id']}/on"
    assert (await api.post(again, headers=bearer(company, "builder"), json={"reason": "x"})).status_code == 403
    assert (await api.post(again, headers=bearer(company, "admin"), json={"reason": "yes"})).status_code == 200
    gateway.join(company.control)
    ask()
    assert len(server.calls) == before + 1


@pytest.mark.req("AI1", "AI2")
async def test_redaction_is_tried_and_budget_notices_are_ones_own(company: Company, api: httpx2.AsyncClient) -> None:
    asked = {"text": "Write to ada.lovelace@analytical.example.org", "profile": "personal"}
    answer = await api.post("/v1/redaction", json=asked, headers=bearer(company, "security"))
    (span,) = answer.json()["spans"]
    assert (answer.json()["redacted"], span["kind"], answer.headers["cache-control"]) == (
        "Write to [EMAIL_1]", "email", "no-store",
    )  # fmt: skip
    assert "by its form" in span["why"]
    refused = [
        (asked, "builder", 403),
        ({**asked, "profile": "x"}, "security", 400),
        ({"text": "a" * 200_000}, "security", 422),
    ]
    for body, who, status in refused:
        assert (await api.post("/v1/redaction", json=body, headers=bearer(company, who))).status_code == status
    found = await api.get("/v1/budget-notices", headers=bearer(company, "builder"))
    assert (found.status_code, found.json()) == (200, {"notices": []})
    gone = await api.post("/v1/budget-notices/bgt_none/put-away", headers=bearer(company, "builder"))
    assert gone.status_code == 404
