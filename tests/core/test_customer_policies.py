"""An organisation's own policies as text: faults with their place, what a folder may not say, and test cases."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.policy import (
    CasesError,
    CustomerSet,
    PolicyEngine,
    Question,
    Resource,
    built_in_schema,
    cascade,
    check,
    faults_in,
    parse_cases,
    rendered,
)
from bailiwick.core.principals import Identity, Principal, SignIn

ORGANIZATION = "organization:default"
NOTES = '@id("a") @reason("because")\n'
OFFICE = """@id("only-from-the-office")
@reason("apps are open in the office's network only")
forbid (principal is Person, action == Action::"app.use", resource)
unless { context.request.address.isInRange(ip("10.0.0.0/8")) };
"""


def person(**facts: str) -> Identity:
    return Identity(
        Principal("user", "u@example.com"),
        frozenset({"user:u@example.com"}),
        {key: value for key, value in facts.items() if key != "address"},
        sign_in=SignIn(10, second_factor=True),
        address=facts.get("address", ""),
    )


def app(name: str = "app:finance/desk", *classes: str) -> Resource:
    roles = cascade([("app-user", "user:u@example.com"), ("org-admin", "user:u@example.com")])
    return Resource("App", name, roles, frozenset(classes))


def engine(text: str, scope: str = ORGANIZATION) -> PolicyEngine:
    return PolicyEngine.built_in(rendered(CustomerSet("mine", 3, scope, text)))


@pytest.mark.req("ID1")
@pytest.mark.parametrize(
    ("text", "place", "words", "hint"),
    [
        (f'{NOTES}forbid(principal is Person, action == Action::"app.us", resource);', (2, 47), "app.us", "app.use"),
        (f'{NOTES}forbid(principal is Persn, action == Action::"app.use", resource);', (2, 21), "Persn", "Person"),
        (
            f'{NOTES}forbid(principal, action == Action::"app.use", resource)\nwhen {{ context.mod == "x" }};',
            (3, 16),
            "mod",
            "mode",
        ),
        (
            f'{NOTES}forbid(principal is Person, action, resource)\nwhen {{ principal.county == "DE" }};',
            (3, 18),
            "county",
            "country",
        ),
        (f'{NOTES}forbid(principal, action == Action::"app.use" resource);', (2, 47), "unexpected token", ""),
        (f"{NOTES}forbid(principal, action, resource)\nwhn {{ true }};", (3, 1), "whn", "when"),
        (f'{NOTES}forbid(principal, action, resource)\nwhen {{ "abc }};', (3, 8), "invalid token", ""),
        (f"{NOTES}forbid(principal, action, resource)", (2, 35), "does not end", ";"),
        ("forbid(principal, action, resource);", (1, 1), "needs an @id", "@id"),
        ('@id("a")\nforbid(principal, action, resource);', (1, 1), "needs a @reason", "read it"),
        (f"{NOTES}forbid(principal == ?principal, action, resource);", (2, 21), "templates", "name who"),
        (f"{NOTES}permit(principal, action, resource);", (2, 1), "names its actions", "app.use"),
        (f'{NOTES}permit(principal, action == Action::"app.deploy", resource);', (2, 37), "gate", "forbid"),
    ],
)
def test_a_fault_is_told_with_its_line_and_column_and_what_would_help(
    text: str, place: tuple[int, int], words: str, hint: str
) -> None:
    fault = faults_in(text, scope=ORGANIZATION)[0]
    assert (fault.line, fault.column) == place
    assert words in fault.message
    assert hint in fault.hint


def test_faults_of_several_policies_are_told_together_and_an_id_is_used_once() -> None:
    text = f"{OFFICE}{OFFICE}\n// a comment; with a semicolon\n{NOTES}forbid(principal, action, resource) when {{ x }};"
    faults = faults_in(text, scope=ORGANIZATION)
    assert [fault.line for fault in faults] == [5, 12]
    assert "called 'only-from-the-office' too" in faults[0].message


@pytest.mark.req("ID1")
@pytest.mark.parametrize(
    "condition",
    [
        "(" * 9000 + "true" + ")" * 9000,
        "[" * 9000 + "]" * 9000,
        "true && " * 3000 + "true",
        "if true then " * 2000 + "true" + " else true" * 2000,
        "principal" + ".name" * 9000,
        "!" * 9000 + "true",
    ],
)
def test_a_text_that_would_exhaust_the_parser_is_refused_unparsed(condition: str) -> None:
    for text in (f"{NOTES}forbid(principal, action, resource) when {{ {condition} }};", condition):
        (fault, *_) = faults_in(text, scope=ORGANIZATION)
        assert "brackets and operators" in fault.message


def test_what_is_just_deep_enough_is_put_into_force() -> None:
    def text(conditions: int) -> str:
        condition = 'principal.name like "x" && ' * conditions
        return f"{NOTES}forbid(principal, action, resource) when {{ {condition}true }};"

    assert faults_in(text(50), scope="folder:finance") == []
    assert engine(text(50), "folder:finance").decide(person(), "app.use", app(), {"mode": "production"}).allowed
    (fault,) = faults_in(text(95), scope=ORGANIZATION)
    assert fault.message == "the policy is nested too deeply"


_WORDS = [
    '@id("a")', '@id("b")', '@reason("r")', "forbid", "permit", "(", ")", "principal", "action", "resource", ",", ";",
    "when", "unless", "{", "}", "context", ".", "request", "hour", "==", "1", '"x"', '"', "// c", "\n", "is Person",
    "&&", 'action == Action::"app.use"', "forbid (principal, action, resource)", "?principal", "!", "\u202e", "é",
]  # fmt: skip


@given(words=st.lists(st.sampled_from(_WORDS), max_size=40), scope=st.sampled_from([ORGANIZATION, "folder:finance"]))
def test_any_text_is_either_faulty_at_a_place_of_its_own_or_fit_to_be_put_into_force(
    words: list[str], scope: str
) -> None:
    text = " ".join(words)
    faults = faults_in(text, scope=scope)
    lines = text.split("\n")
    assert all(1 <= fault.line <= len(lines) for fault in faults)
    assert all(1 <= fault.column <= len(lines[fault.line - 1]) + 1 for fault in faults)
    if not faults:
        engine(text, scope)


def test_more_policies_than_all_sets_may_have_are_refused_unparsed() -> None:
    (fault,) = faults_in("permit(principal, action, resource);" * 1000, scope=ORGANIZATION)
    assert "1000 policies" in fault.message


@pytest.mark.req("ID1")
def test_a_decision_names_the_set_and_the_version_of_the_policy_that_made_it() -> None:
    refused = engine(OFFICE).decide(person(address="192.0.2.7"), "app.use", app(), {"mode": "production"})
    assert (refused.allowed, refused.deciders) == (False, ("mine@3/only-from-the-office",))
    assert refused.reason == "apps are open in the office's network only"
    assert engine(OFFICE).decide(person(address="10.1.2.3"), "app.use", app(), {"mode": "production"}).allowed
    mapped = engine(OFFICE).decide(person(address="::ffff:10.1.2.3"), "app.use", app(), {"mode": "production"})
    assert mapped.allowed


@pytest.mark.req("ID1")
@pytest.mark.parametrize("address", ["", "not an address", "192.0.2.7"])
def test_an_address_that_nobody_knows_is_in_no_network(address: str) -> None:
    assert not engine(OFFICE).decide(person(address=address), "app.use", app(), {"mode": "production"}).allowed


@pytest.mark.req("ID1")
def test_people_and_data_classes_and_the_time_can_be_asked_about() -> None:
    text = """
    @id("eu") @reason("customers' data stays with people in the EU")
    forbid (principal is Person, action == Action::"app.use", resource)
    when { resource.data_classes.contains("customer") } unless { ["DE", "FR"].contains(principal.country) };
    @id("hours") @reason("only in business hours")
    forbid (principal is Person, action == Action::"app.use", resource)
    unless { context.request.weekday <= 5 && context.request.hour >= 8 && context.request.hour < 18 };
    @id("devices") @reason("only from managed devices")
    forbid (principal is Person, action == Action::"app.kill", resource)
    unless { principal.hasTag("device") && principal.getTag("device") == "managed" };
    """
    mine = engine(text)
    noon, night = datetime(2026, 1, 5, 12, tzinfo=UTC), datetime(2026, 1, 5, 22, tzinfo=UTC)

    def ask(who: Identity, action: str, resource: Resource, when: datetime) -> tuple[str, ...]:
        context = {"mode": "production"} if action == "app.use" else {}
        return mine.answer(Question(who, action, resource, when, "production", context)).deciders

    customers = app("app:finance/desk", "customer")
    assert ask(person(country="DE"), "app.use", customers, noon) == ("app-users",)
    assert ask(person(country="US"), "app.use", customers, noon) == ("mine@3/eu",)
    assert ask(person(), "app.use", customers, noon) == ("mine@3/eu",)
    assert ask(person(), "app.use", app(), noon) == ("app-users",)
    assert ask(person(), "app.use", app(), night) == ("mine@3/hours",)
    assert ask(person(), "app.kill", app(), noon) == ("mine@3/devices",)
    assert ask(person(device="managed"), "app.kill", app(), noon) == ("organisation-administrators",)


@pytest.mark.req("ID1")
def test_a_folder_only_forbids_and_reaches_nothing_outside() -> None:
    text = f"{NOTES}forbid(principal, action, resource);"
    assert not faults_in(text, scope="folder:finance")
    mine = engine(text, "folder:finance")
    asked = {"mode": "production"}
    # Those above still look, stop and undo.
    assert mine.decide(person(), "app.kill", app()).deciders == ("organisation-administrators",)
    below = Resource("App", "app:finance/desk", cascade([("folder-admin", "user:u@example.com")]))
    assert mine.decide(person(), "app.kill", below).deciders == ("mine@3/a",)
    assert mine.decide(person(), "app.rollback", app()).deciders == ("mine@3/a",)
    assert mine.decide(person(), "app.use", app(), asked).deciders == ("mine@3/a",)
    assert mine.decide(person(), "app.use", app("app:finance/eu/desk"), asked).deciders == ("mine@3/a",)
    assert mine.decide(person(), "app.use", app("app:financeless/desk"), asked).allowed
    assert mine.decide(person(), "app.use", app("app:sales/finance"), asked).allowed
    permit = faults_in(f'{NOTES}permit(principal, action == Action::"app.read", resource);', scope="folder:finance")
    assert "only forbid" in permit[0].message


@pytest.mark.req("ID1")
def test_a_folder_s_policy_that_fails_in_evaluation_refuses_in_the_folder_only() -> None:
    overflow = "principal.sign_in_age + 9223372036854775807 > 0"
    text = f"{NOTES}forbid(principal is Person, action, resource)\nwhen {{ {overflow} }};"
    mine = engine(text, "folder:finance")
    failed = mine.decide(person(), "app.use", app(), {"mode": "production"})
    assert not failed.allowed
    assert "could not be evaluated" in failed.reason
    assert mine.decide(person(), "app.use", app("app:sales/desk"), {"mode": "production"}).allowed


@pytest.mark.req("ID1")
def test_what_a_higher_folder_forbids_nothing_below_allows() -> None:
    above = CustomerSet("above", 1, "folder:finance", OFFICE)
    permit = '@id("open") @reason("open to all")\npermit(principal, action == Action::"app.use", resource);'
    all_of = rendered(above) + rendered(CustomerSet("wide", 1, ORGANIZATION, permit))
    mine = PolicyEngine.built_in(all_of)
    refused = mine.decide(person(address="192.0.2.1"), "app.use", app("app:finance/eu/desk"), {"mode": "production"})
    assert refused.deciders == ("above@1/only-from-the-office",)
    nobody = Resource("App", "app:sales/desk", cascade([]))
    assert mine.decide(person(address="192.0.2.1"), "app.use", nobody, {"mode": "production"}).allowed


def test_every_action_can_be_asked_about_the_request() -> None:
    assert built_in_schema().count('"request": Request') == built_in_schema().count("appliesTo")
    text = f'{NOTES}forbid(principal, action, resource) when {{ context.request.environment == "nowhere" }};'
    assert not faults_in(text, scope=ORGANIZATION)


GOOD = """
[[test]]
name = "not from home"
roles = ["app-user"]
address = "192.0.2.1"
action = "app.use"
resource = "app:finance/desk"
expect = "deny"
decided_by = "only-from-the-office"

[[test]]
name = "in the office"
roles = ["app-user"]
address = "10.0.0.1"
action = "app.use"
resource = "app:finance/desk"
expect = "allow"
"""


def test_test_cases_are_run_and_say_what_came_instead() -> None:
    policies = CustomerSet("mine", 1, ORGANIZATION, OFFICE)
    assert check(policies, GOOD, PolicyEngine.built_in).good
    wrong = check(policies, GOOD.replace('"10.0.0.1"', '"10.0.0.999"'), PolicyEngine.built_in)
    assert wrong.problems == [
        "test 'in the office': expected allow, but it is deny, decided by mine@1/only-from-the-office"
    ]
    other = check(policies, GOOD.replace('"only-from-the-office"', '"another"'), PolicyEngine.built_in)
    assert "not by another" in other.problems[0]
    assert "no test case" in check(policies, "", PolicyEngine.built_in).problems[0]
    unknown = check(policies, GOOD.replace('"app.use"', '"app.us"'), PolicyEngine.built_in)
    assert "there is no action 'app.us': app.use?" in unknown.problems[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("roles =", "role ="), "unknown key, did you mean 'roles'"),
        (GOOD.replace("app-user", "app-usr"), "'app-usr' is not a role"),
        ("[[test", "not valid TOML"),
        (GOOD.replace('"allow"', '"maybe"'), "allow"),
        ("x = " + "[" * 20000, "nested too deeply"),
        (GOOD.replace('name = "in the office"\n', ""), "test.2.name"),
    ],
)
def test_test_cases_that_cannot_be_read_say_where(text: str, words: str) -> None:
    with pytest.raises(CasesError, match=words):
        parse_cases(text)
