"""The settings: what cannot be meant is refused before anything starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bailiwick.control.identity import StepUpRule, step_up_policies
from bailiwick.control.model_settings import ModelSettings
from bailiwick.control.settings import ControlSettings
from bailiwick.core.messages import Rate
from bailiwick.core.policy import PolicyEngine
from tests.fixtures.saml_provider import make_key

OWN = {"name": "own", "issuer": "https://a", "client_id": "x", "domains": ["Example.com"], "groups": ["*"]}
PARTNER = {"name": "partner", "issuer": "https://b", "client_id": "x", "domains": ["partner.example"], "groups": []}


def load(folder: Path, **changes: Any) -> ControlSettings:
    content = {
        "database_url": "postgresql://x",
        "state": str(folder),
        "console": {"port": 8400},
        "planes_door": {"port": 8402},
        "public_url": "http://127.0.0.1:8400",
        "ingress_url": "http://127.0.0.1:8410",
        "oidc": {"issuer": "https://idp", "client_id": "bailiwick"},
    }
    file = folder / "control.yaml"
    file.write_text(yaml.safe_dump(content | changes))
    return ControlSettings.load(file)


@pytest.mark.req("ID2")
def test_one_provider_or_several_are_read(tmp_path: Path) -> None:
    assert [item.name for item in load(tmp_path).providers] == ["company"]
    several = load(tmp_path, oidc=[OWN, PARTNER]).providers
    assert [(item.name, set(item.domains)) for item in several] == [
        ("own", {"example.com"}),
        ("partner", {"partner.example"}),
    ]


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("oidc", "words"),
    [
        ([], "must be a provider"),
        ([OWN, {**PARTNER, "name": "own"}], "a name of its own"),
        ([OWN, {**PARTNER, "domains": []}], "for which domains it speaks"),
        ([OWN, {**PARTNER, "groups": None}], "into which groups it may put people"),
        ([OWN, {**PARTNER, "domains": ["EXAMPLE.com"]}], "two providers speak for the same domain"),
        ([{**OWN, "domains": ["a@b"]}], "pattern"),
        ({**OWN, "name": "a/b"}, "pattern"),
        ({**OWN, "domain": "x"}, "domain"),
    ],
)
def test_providers_that_cannot_be_told_apart_are_refused(tmp_path: Path, oidc: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load(tmp_path, oidc=oidc)


@pytest.mark.req("ID2")
def test_with_several_providers_a_subject_makes_nobody_the_first_administrator(tmp_path: Path) -> None:
    rule = {"claim": "subject", "value": "00u1"}
    assert load(tmp_path, first_administrator=rule).first_administrator is not None
    with pytest.raises(ValueError, match="a subject is not one person"):
        load(tmp_path, oidc=[OWN, PARTNER], first_administrator=rule)


@pytest.mark.req("ID1", "ID2")
def test_step_up_rules_become_policies_that_say_what_they_want() -> None:
    rules = [
        StepUpRule(("app.kill", "app.revive"), 900, second_factor=True),
        StepUpRule(("role.assign",), 3600, second_factor=False),
        StepUpRule(("app.approve",), 90, second_factor=False),
        StepUpRule(("secret.manage",), None, second_factor=True),
    ]
    engine = PolicyEngine.built_in(step_up_policies(rules))
    assert [engine.reasons[f"step-up-{number}"] for number in range(1, 5)] == [
        "this needs a sign-in with a second factor that is at most 15 minutes old",
        "this needs a sign-in that is at most 1 hour old",
        "this needs a sign-in that is at most 90 seconds old",
        "this needs a sign-in with a second factor",
    ]


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    "action", ["app.fly", 'app.kill"], resource) when { true }; permit(principal, action, resource);//']
)
def test_a_step_up_for_what_is_no_action_is_refused(action: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PolicyEngine.built_in(step_up_policies([StepUpRule((action,), 900, second_factor=False)]))


IDP = {"entity_id": "https://idp.example", "sign_in_url": "https://idp.example/sso"}
SAML = {"name": "staff", "domains": ["Example.com"], "groups": ["*"], "metadata": "/etc/bailiwick/idp.xml"}


@pytest.mark.req("ID2")
def test_saml_providers_stand_beside_others_or_alone(tmp_path: Path) -> None:
    beside = load(tmp_path, oidc=[PARTNER], saml=[SAML]).providers
    assert [item.name for item in beside] == ["partner", "staff"]
    alone = load(tmp_path, oidc=[], saml=[SAML])
    assert [(item.name, set(item.domains)) for item in alone.saml] == [("staff", {"example.com"})]
    assert alone.providers == alone.saml
    certificate = make_key("idp")[1].decode()
    for written in (certificate, "".join(certificate.splitlines()[1:-1])):
        load(tmp_path, oidc=[], saml=[{**SAML, "metadata": None, "idp": {**IDP, "certificates": [written]}}])


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"domains": []}, "at least 1"),
        ({"metadata": None}, "say metadata"),
        ({"idp": {**IDP, "certificates": ["x"]}}, "certificate"),
        ({"metadata": None, "idp": {**IDP, "certificates": []}}, "at least 1"),
        ({"metadata": None, "idp": {**IDP, "certificates": ["not one"]}}, "certificate"),
        ({"metadata": None, "idp": {**IDP, "certificates": [], "sign_in_url": "javascript:x"}}, "at least 1"),
        ({"name": "own"}, "a name of its own"),
        ({"second_factor": ["x"]}, "second_factor"),
    ],
)
def test_saml_settings_that_cannot_be_meant_are_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load(tmp_path, oidc=[{**OWN, "domains": ["own.example"]}], saml=[{**SAML, **changes}])


@pytest.mark.req("ID2")
def test_addresses_and_weak_keys_of_a_saml_provider_are_refused(tmp_path: Path) -> None:
    good, weak = make_key("idp")[1].decode(), make_key("idp", 1024)[1].decode()
    for changes, words in (
        ({"certificates": [weak]}, "fewer than 2048 bits"),
        ({"sign_in_url": "javascript:alert(1)"}, "not the address of a page"),
        ({"logout_url": "file:///etc/passwd"}, "not the address of a page"),
    ):
        idp = {**IDP, "certificates": [good], **changes}
        with pytest.raises(ValueError, match=words):
            load(tmp_path, oidc=[], saml=[{**SAML, "metadata": None, "idp": idp}])


@pytest.mark.req("AI2")
def test_a_model_is_open_to_whom_the_settings_name_and_to_reviewers_that_read_with_it(tmp_path: Path) -> None:
    common = {"wire": "anthropic", "url": "https://models.example.com/v1", "model": "opal-4"}
    models = [
        {"name": "reader", **common},
        {"name": "writer", **common, "open_to": ["group:support", "folder:finance"]},
    ]
    reviewers = {"mode": "advise", "models": [{"model": "reader"}]}
    routes = load(tmp_path, inference={"models": models, "reviewers": reviewers}).inference.routes
    assert {name: set(route.open_to) for name, route in routes.items()} == {
        "reader": {"service:reviewers"},
        "writer": {"group:support", "folder:finance"},
    }
    assert routes["writer"].caller_tokens_per_day == routes["writer"].tokens_per_day
    for wrong in ("support", "role:admin", "organization:other", "group:a b", ""):
        with pytest.raises(ValueError, match="open_to"):
            load(tmp_path, inference={"models": [{"name": "m", **common, "open_to": [wrong]}]})
    with pytest.raises(ValueError, match="url"):
        load(tmp_path, inference={"models": [{"name": "m", **common, "url": "http://models.example.com/v1"}]})
    with pytest.raises(ValueError, match="gateway"):
        load(tmp_path, inference={"gateway": "http://gateway.example.com"})
    again = {"seconds": 60, "of": "app", "when": ["embeddings"]}
    kept = load(tmp_path, inference={"models": [{"name": "m", **common, "answers": again}]}).inference.routes["m"]
    assert (routes["writer"].answers, kept.answers and kept.answers.of) == (None, "app")
    for wrong in ({"of": "organization"}, {"when": []}, {"when": ["always"]}, {"seconds": 0}, {"most_bytes": 2**40}):
        with pytest.raises(ValueError, match="answers"):
            load(tmp_path, inference={"models": [{"name": "m", **common, "answers": wrong}]})


@pytest.mark.req("AI5")
def test_models_say_what_they_cost_where_they_may_be_used_and_what_answers_in_their_place(tmp_path: Path) -> None:
    first = {"name": "first", "wire": "openai-chat", "url": "https://models.example.com/v1", "model": "nova",
             "price": {"input": 3, "output": 15}}  # fmt: skip
    second = {**first, "name": "second", "wire": "openai-responses"}
    writer = {**first, "name": "writer", "wire": "anthropic"}

    def read(*models: dict[str, object], **more: object) -> ModelSettings:
        return load(tmp_path, inference={"models": list(models), **more}).inference

    budget = {"name": "team", "of": "folder:finance", "money": 12.5}
    found = read({**first, "fallback": ["second"], "limits": {"app": {"rate": "5/s"}}}, second, budgets=[budget])
    route = found.routes["first"]
    assert (route.environments, route.data_classes, route.images) == (frozenset({"editor"}), None, False)
    # What is not said of limits is what models usually have.
    assert (route.limits.app.rate, route.limits.everybody.at_once) == (Rate(calls=5, seconds=1), 500)
    assert [dict(item.limits) for item in found.model_budgets] == [{"money": 12_500_000}]
    unpriced = {key: value for key, value in second.items() if key != "price"}
    cloud = {"url": "https://cloud.example.com", "key": {"vault": "a-key"}}
    bedrock = {**writer, **cloud, "upstream": {"kind": "bedrock", "region": "eu-central-1", "access_key_id": "AKID"}}
    azure = {**second, **cloud, "upstream": {"kind": "azure"}}
    clouds = read(bedrock, azure).routes
    assert [str(clouds[name].upstream.kind) for name in ("writer", "second")] == ["bedrock", "azure"]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="the paths of a cloud"):
        read(bedrock, reviewers={"mode": "advise", "models": [{"model": "writer"}]})
    for words, models, budgets in (
        ("azure does not speak anthropic", [{**bedrock, "upstream": {"kind": "azure"}}], []),
        ("bedrock does not speak openai", [{**azure, "upstream": bedrock["upstream"]}], []),
        ("asks for a key", [{**azure, "key": None}], []),
        ("speaks another wire", [{**writer, "name": "plain", "fallback": ["writer"]}, bedrock], []),
        ("speaks another wire", [{**first, "fallback": ["writer"]}, writer], []),
        ("names another model", [{**first, "fallback": ["first"]}], []),
        ("names another model", [{**first, "fallback": ["none"]}], []),
        ("a limit of databases", [{**first, "limits": {"statement_seconds": 5}}], []),
        ("environments", [{**first, "environments": ["staging"]}], []),
        ("has no price", [first, unpriced], [budget]),
        ("no model is called 'none'", [first], [{**budget, "models": ["none"]}]),
        ("a name of its own", [first], [budget, budget]),
        ("say how much", [first], [{"name": "team", "of": "folder:finance"}]),
        ("of", [first], [{**budget, "of": "each:folder"}]),
    ):
        with pytest.raises(ValueError, match=words):
            read(*models, budgets=budgets)
    assert read(first, unpriced, budgets=[{**budget, "models": ["first"]}]).model_budgets


@pytest.mark.req("AI1", "AI6")
def test_values_of_ones_own_and_topics_are_what_planes_are_told_and_judges_are_models(tmp_path: Path) -> None:
    models = [{"name": "judge", "wire": "openai-chat", "url": "https://models.example.com/v1", "model": "j"}]
    said = load(
        tmp_path,
        inference={"models": models},
        redaction={"patterns": [{"name": "customer-number", "pattern": r"KD-\d{6}", "near": ["customer"]}]},
        prompts={
            "topics": [{"name": "payroll", "words": ["salary list"], "patterns": [r"(?i)pay\s?slip"]}],
            "judge": {"model": "judge", "rules": {"no-advice": "Nobody asks for medical advice."}},
        },
    )
    told = said.prompts.rules_with(said.redaction.rules)
    assert (told.own.names, told.topics.names) == ({"customer-number"}, {"payroll"})
    assert told.judge is not None and (told.judge.model, set(told.judge.rules)) == ("judge", {"no-advice"})
    judge = {"model": "another", "rules": {"no-advice": "Nobody asks for medical advice."}}
    with pytest.raises(ValueError, match="no model is called 'another'"):
        load(tmp_path, inference={"models": models}, prompts={"judge": judge})
    with pytest.raises(ValueError, match="RE2 cannot read it"):
        load(tmp_path, prompts={"topics": [{"name": "payroll", "patterns": ["("]}]})
