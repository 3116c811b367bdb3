"""What stands before models: limits, repeats, the breaker and fallbacks; and where data of which apps may go."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from bailiwick.core.events import AuditEvent
from bailiwick.core.messages import AppState, IntegrationLimits, IntegrationState, ModelBudget, ModelPrice, ModelState
from bailiwick.core.principals import Identity, Principal
from tests.fixtures.model_gateway import EVE, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, data, model_server
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("AI5")
Answer = tuple[int, str, list[bytes | float]]
ASK: Any = [{"role": "user", "content": "Where is my order?"}]
NOT_NOW: Answer = (529, "application/json", [b"{}"])
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelHouse]:
    with model_house(tmp_path_factory.mktemp("plane")) as made:
        yield made


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture
def server(shared_server: ModelServer) -> ModelServer:
    shared_server.calls.clear()
    shared_server.once.clear()
    shared_server.says, shared_server.more_headers, shared_server.half = None, {}, False
    return shared_server


@pytest.fixture
def house(shared_house: ModelHouse) -> ModelHouse:
    """Return the house of the module, with gates and counts that nothing went through."""
    gateway = shared_house.models.gateway
    until(lambda: not gateway.under_way)
    gateway.gates._gates.clear()
    gateway.budget._local._used.clear()
    shared_house.events.clear()
    return shared_house


def limits(**changes: Any) -> IntegrationLimits:
    return IntegrationLimits.model_validate({"wait_seconds": 0, **changes})


def gpt(house: ModelHouse, url: str = "") -> openai.OpenAI:
    return openai.OpenAI(api_key="bwt_eve", base_url=f"{url or house.url}/v1", max_retries=0, timeout=20)


def ask(house: ModelHouse, name: str = "support-model", url: str = "", messages: Any = None, **more: Any) -> Any:
    client = gpt(house, url).chat.completions
    return client.with_raw_response.create(model=name, messages=messages or ASK, **more)


def told(house: ModelHouse, count: int) -> list[AuditEvent]:
    """Return what was audited once there is so much."""
    until(lambda: len(house.events) >= count)
    return house.events


# -- limits ------------------------------------------------------------------------------------------------------------


def test_whoever_calls_too_often_is_told_when_to_come_again_in_the_form_of_the_wire(
    house: ModelHouse, server: ModelServer
) -> None:
    slow = limits(person={"rate": {"calls": 1, "seconds": 60, "burst": 1}})
    house.tell(
        model(url=server.url, has_key=False, limits=slow),
        model("writer", family="anthropic", url=server.url, has_key=False, limits=slow),
    )
    ask(house)
    with pytest.raises(openai.RateLimitError, match=r"rate of 1/min is used up") as refused:
        ask(house)
    assert refused.value.code == "rate_limit_exceeded"
    assert 1 < int(refused.value.response.headers["retry-after"]) <= 60
    assert "x-should-retry" not in refused.value.response.headers
    claude = anthropic.Anthropic(api_key="bwt_eve", base_url=house.url, max_retries=0)
    claude.messages.create(model="writer", max_tokens=9, messages=ASK)
    with pytest.raises(anthropic.RateLimitError) as limited:
        claude.messages.create(model="writer", max_tokens=9, messages=ASK)
    assert 1 < int(limited.value.response.headers["retry-after"]) <= 60
    assert len(server.calls) == 2
    # Each is not a line of the log: what was held back is told of together.
    assert [event.action for event in told(house, 2)] == ["model.called", "model.called"]
    house.loop.call_soon_threadsafe(house.models.gateway.gates.tell)
    rolled = told(house, 4)[2]
    assert (rolled.action, rolled.resource, rolled.actor) == ("calls.limited", "model:support-model", str(rolled.actor))
    assert (rolled.actor, rolled.context["refused.rate"]) == ("user:eve@example.com", 1)
    assert {report.integration for report in house.reports} >= {"model:support-model", "model:writer"}


def test_what_an_agent_that_works_for_a_person_may_not_is_told_under_its_name(
    house: ModelHouse, server: ModelServer
) -> None:
    agent = Identity(Principal("agent", "studio"), frozenset({"agent:studio", "group:support"}))
    house.tokens["bwt_studio"] = agent.for_person(EVE)
    slow = limits(person={"rate": {"calls": 1, "seconds": 60, "burst": 1}})
    house.tell(model(url=server.url, has_key=False, limits=slow))
    claimed = openai.OpenAI(api_key="bwt_studio", base_url=f"{house.url}/v1", max_retries=0)
    claimed.chat.completions.create(model="support-model", messages=ASK)
    with pytest.raises(openai.RateLimitError):
        claimed.chat.completions.create(model="support-model", messages=ASK)
    told(house, 1)
    house.loop.call_soon_threadsafe(house.models.gateway.gates.tell)
    limited = next(event for event in told(house, 2) if event.action == "calls.limited")
    assert (limited.actor, limited.context["refused.rate"]) == ("agent:studio/for/user:eve@example.com", 1)


def test_a_call_that_waits_for_its_turn_is_one_of_those_at_once(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model(url=server.url, has_key=False, limits=limits(person={"at_once": 1})))
    piece = data({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
    server.says = (200, "text/event-stream", [piece, *[0.1, piece] * 50])
    stream = gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True)
    next(iter(stream))
    with pytest.raises(openai.RateLimitError, match="1 calls at once"):
        ask(house)
    stream.close()
    told(house, 1)
    server.says = None
    ask(house)


# -- repeats and the breaker -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_what_may_be_answered_another_time_is_asked_again(house: ModelHouse, server: ModelServer, status: int) -> None:
    house.tell(model(url=server.url, has_key=False))
    server.once = [(status, "application/json", [b"{}"])]
    assert ask(house).status_code == 200
    event = told(house, 1)[0]
    assert (event.outcome, event.context["repeats"], event.context["tokens_in"], len(server.calls)) == (
        "success", 1, 120, 2,
    )  # fmt: skip


def test_a_storm_of_faults_is_answered_by_few_repeats_and_costs_nothing(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model(url=server.url, has_key=False))
    server.says = (500, "application/json", [b'{"error": {"message": "no"}}'])
    for _ in range(8):
        with pytest.raises(openai.InternalServerError):
            ask(house)
    assert 8 < len(server.calls) <= 12, "a few are saved at the start, and no share of eight calls is a whole repeat"
    assert all(event.context["tokens_in"] == 0 for event in told(house, 8))
    assert "breaker.opened" not in house.actions(), "what a call brings about by what it asks closes nobody's way"


def test_a_server_that_asks_for_a_pause_has_it(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model(url=server.url, has_key=False))
    server.once, server.more_headers = [(429, "application/json", [b"{}"])], {"retry-after": "30"}
    with pytest.raises(openai.RateLimitError) as first:
        ask(house)
    assert first.value.response.headers["retry-after"] == "30"
    with pytest.raises(openai.RateLimitError, match="asked to be called no more for now") as second:
        ask(house)
    assert 28 <= int(second.value.response.headers["retry-after"]) <= 30
    assert len(server.calls) == 1


def test_a_server_that_fails_is_left_alone(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model(has_key=False, limits=limits(breaker={"failures": 2}, repeats={"most": 0})))
    for _ in range(2):
        with pytest.raises(openai.InternalServerError, match="is not reached"):
            ask(house)
    with pytest.raises(openai.InternalServerError, match="left alone because it fails") as refused:
        ask(house)
    assert (refused.value.status_code, refused.value.response.headers["retry-after"]) == (503, "10")
    opened = next(event for event in house.events if event.action == "breaker.opened")
    assert (opened.actor, opened.resource) == ("plane:production", "model:support-model")


def test_what_broke_off_before_an_answer_is_asked_again_and_counted_as_read(
    house: ModelHouse, server: ModelServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # It takes each call, and hangs up.
        house.tell(model(url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", has_key=False))

        def hang_up() -> None:
            for _ in range(3):
                taken, _ = listener.accept()
                taken.recv(65536)
                taken.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(openai.InternalServerError, match="broke off its answer"):
            ask(house)
        thread.join()
    event = told(house, 1)[0]
    assert (event.context["repeats"], event.context["tokens_estimated"]) == (2, True)
    assert int(event.context["tokens_in"]) % 3 == 0
    assert int(event.context["tokens_in"]) > 0


def test_ten_thousand_messages_of_two_megabytes_pass_whole(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model(url=server.url, has_key=False))
    asked = [{"role": "user", "content": f"line {number} " + "and so on " * 19} for number in range(10_000)]
    ask(house, messages=asked)
    assert server.calls[0].document["messages"] == asked


# -- fallbacks ---------------------------------------------------------------------------------------------------------


def pair(server: ModelServer, first: dict[str, Any] | None = None, **second: Any) -> tuple[Any, Any]:
    """Return a model that is not reached, and another that answers in its place."""
    usual = {"has_key": False, "fallback": ("spare",), "limits": limits(repeats={"most": 0})}
    spare = model("spare", **{"url": server.url, "has_key": False, "model": "nova-small", **second})
    return model(**{**usual, **(first or {})}), spare


def test_another_model_answers_where_the_first_is_not_reached(house: ModelHouse, server: ModelServer) -> None:
    house.tell(*pair(server))
    answer = ask(house)
    assert (answer.headers["x-bailiwick-model"], server.calls[0].document["model"]) == ("spare", "nova-small")
    failed, answered = told(house, 2)
    assert (failed.resource, failed.outcome) == ("model:support-model", "failed")
    assert (answered.resource, answered.context["asked"]) == ("model:spare", "support-model")
    assert "support-model: the model's server is not reached" in str(answered.context["because"])
    assert ask(house, "spare").headers["x-bailiwick-model"] == "spare"
    assert "asked" not in told(house, 3)[2].context


@pytest.mark.parametrize("status", [429, 503, 529])
def test_another_model_answers_where_the_first_is_over_its_own_limits(
    house: ModelHouse, server: ModelServer, status: int
) -> None:
    house.tell(*pair(server, {"url": server.url}))
    server.once, server.more_headers = [(status, "application/json", [b"{}"])], {"retry-after": "30"}
    assert ask(house).headers["x-bailiwick-model"] == "spare"
    # It asked for a pause, and is not even asked now.
    assert ask(house).headers["x-bailiwick-model"] == "spare"
    assert [call.document["model"] for call in server.calls] == ["nova-large", "nova-small", "nova-small"]
    assert "asked to be called no more" in str(told(house, 3)[2].context["because"])


def test_what_was_set_aside_for_the_first_is_there_for_the_one_that_answers(
    house: ModelHouse, server: ModelServer
) -> None:
    # There is room for one call at a time.
    team = ModelBudget(name="team", of="group:support", limits={"tokens": 180})
    for first in ({}, {"url": server.url}):
        house.models.gateway.budget._local._used.clear()
        house.tell(*pair(server, {"name": f"first-{len(first)}", **first}), model_budgets=(team,))
        server.once = [NOT_NOW] if first else []
        assert ask(house, f"first-{len(first)}", max_tokens=150).headers["x-bailiwick-model"] == "spare"


def test_a_fallback_is_no_way_around_policy_region_data_or_budgets(house: ModelHouse, server: ModelServer) -> None:
    closed: list[dict[str, Any]] = [
        {"open_to": frozenset({"group:board"})},
        {"regions": frozenset({"us"})},
        {"stopped": "a test"},
        {"tokens_per_day": 5},
        {"family": "anthropic"},
    ]
    for number, change in enumerate(closed):
        house.tell(*pair(server, {"name": f"first-{number}"}, **change))
        with pytest.raises(openai.InternalServerError, match="is not reached"):
            ask(house, f"first-{number}")
    house.tell(*pair(server, {"name": "first", "images": True}))
    with pytest.raises(openai.InternalServerError, match="is not reached"):
        ask(house, "first", messages=[{"role": "user", "content": [PICTURE]}])
    assert server.calls == []


def test_what_the_first_model_answered_is_never_answered_anew(house: ModelHouse, server: ModelServer) -> None:
    house.tell(*pair(server, {"url": server.url}))
    server.once = [(400, "application/json", [b'{"error": {"message": "no such tool"}}'])]
    with pytest.raises(openai.BadRequestError):
        ask(house)
    piece = data({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]})
    server.half, server.once = True, [(200, "text/event-stream", [piece])]
    with pytest.raises(openai.APIError, match="broke off"):
        list(gpt(house).chat.completions.create(model="support-model", messages=ASK, stream=True))
    assert [call.document["model"] for call in server.calls] == ["nova-large", "nova-large"]


# -- money -------------------------------------------------------------------------------------------------------------


def test_each_call_says_what_it_cost_and_budgets_of_money_stop(house: ModelHouse, server: ModelServer) -> None:
    team = ModelBudget(name="team", of="group:support", limits={"money": 20_000}, currency="EUR", warn_at=0.04)
    priced = model(url=server.url, has_key=False, price=ModelPrice(input=3, output=15), most_output_tokens=500)
    house.tell(priced, model_budgets=(team,))
    ask(house)
    called, warned = told(house, 2)
    if called.action != "model.called":
        called, warned = warned, called
    # 120 tokens sent and 30 answered.
    assert called.context["cost"] == 0.00081
    assert (warned.action, warned.resource, warned.context["budget"]) == (
        "model.budget-warned", "group:support", "team",
    )  # fmt: skip
    with pytest.raises(openai.RateLimitError, match=r"group:support \(team\) may use 0\.02 EUR a day") as refused:
        ask(house, max_tokens=2000)
    assert (refused.value.code, refused.value.response.headers["x-should-retry"]) == ("insufficient_quota", "false")
    # That it stops calls is told once, however many it stops.
    with pytest.raises(openai.RateLimitError):
        ask(house, max_tokens=2000)
    stopped = [event for event in told(house, 5) if event.action == "model.budget-stopped"]
    assert [(event.resource, event.context["budget"], event.context["unit"]) for event in stopped] == [
        ("group:support", "team", "money")
    ]


# -- data --------------------------------------------------------------------------------------------------------------


def app_with(*classes: str, mode: str = "production") -> AppState:
    """Return an app whose integrations bring data of classes."""
    brought = IntegrationState.model_construct(name="orders", classes=frozenset(classes))
    return AppState.model_construct(app="finance/desk", mode=mode, integrations=(brought,))


def test_production_data_goes_only_to_models_that_name_production(house: ModelHouse, server: ModelServer) -> None:
    usual = ModelState.model_fields["environments"].default
    house.tell(model(url=server.url, has_key=False, environments=usual))
    with pytest.raises(openai.PermissionDeniedError, match="support-model gets no data of production") as refused:
        ask(house, "default", house.production_url)
    assert told(house, 1)[0].deciders == ("models-get-production-data-where-named",)
    assert "settings do not name that environment" in str(refused.value)
    ask(house, "default", house.app_url)
    ask(house, "support-model")
    house.tell(model(url=server.url, has_key=False, environments=frozenset({"production"})))
    ask(house, "default", house.production_url)
    with pytest.raises(openai.PermissionDeniedError):
        ask(house, "default", house.app_url)


def test_apps_with_data_of_a_class_call_only_models_that_may_get_it(house: ModelHouse, server: ModelServer) -> None:
    both = frozenset({"editor", "production"})
    apps = (app_with("customer", "payment"), app_with("customer", mode="preview"))
    usual = {"url": server.url, "has_key": False, "environments": both}
    house.tell(model(**usual), apps=apps)
    with pytest.raises(openai.PermissionDeniedError, match="support-model may get no customer, payment data"):
        ask(house, "default", house.production_url)
    ask(house, "default", house.app_url)
    house.tell(model(**usual, data_classes=frozenset({"customer"})), apps=apps)
    with pytest.raises(openai.PermissionDeniedError, match="support-model may get no payment data"):
        ask(house, "default", house.production_url)
    ask(house, "default", house.app_url)
    house.tell(model(**usual, data_classes=frozenset({"customer", "payment"})), apps=apps)
    ask(house, "default", house.production_url)
    # Named as none, none goes there from the editor either.
    house.tell(model(**usual, data_classes=frozenset()), apps=apps)
    with pytest.raises(openai.PermissionDeniedError, match="may get no customer data"):
        ask(house, "default", house.app_url)


def test_models_are_called_from_planes_of_their_regions(house: ModelHouse, server: ModelServer) -> None:
    of_eu = model(url=server.url, has_key=False, regions=frozenset({"eu"}))
    for region in ("", "us"):
        house.tell(of_eu, region=region)
        with pytest.raises(openai.PermissionDeniedError, match="region of this data plane"):
            ask(house)
    house.tell(of_eu, region="eu")
    ask(house)


def test_images_pass_where_the_model_says_so(house: ModelHouse, server: ModelServer) -> None:
    house.tell(model(url=server.url, has_key=False))
    seen = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, PICTURE]}]
    with pytest.raises(openai.PermissionDeniedError, match="gets text only"):
        ask(house, messages=seen)
    assert told(house, 1)[0].deciders == ("images-go-where-policy-says",)
    writer = {"family": "anthropic", "url": server.url, "has_key": False}
    house.tell(model(url=server.url, has_key=False, images=True), model("writer", **writer))
    ask(house, messages=seen)
    assert server.calls[0].document["messages"][0]["content"][1] == PICTURE
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    body = {"model": "writer", "max_tokens": 9, "messages": [
        {"role": "user", "content": [{"type": "image", "source": source}]}]}  # fmt: skip
    headers = {"x-api-key": "bwt_eve", "anthropic-version": "2023-06-01"}
    answer = httpx2.post(f"{house.url}/v1/messages", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "permission_error")
    assert KEY not in answer.text
