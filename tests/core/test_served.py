"""Grants of MCP servers: what is said of them, what counts as more than before, and what a definition is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bailiwick.core.call_rules import ArgumentRule
from bailiwick.core.grants import (
    OFFER,
    AskingGrant,
    DataGrant,
    FieldMask,
    Mask,
    PromptGrant,
    RequestGrant,
    ResourceGrant,
    ServedGrant,
    ToolGrant,
)
from bailiwick.core.reach import IntegrationReach, Reach
from bailiwick.core.reach_news import news
from bailiwick.core.reach_words import offer_words
from bailiwick.core.tool_definitions import argument_fault, digest_of

pytestmark = pytest.mark.req("IN7", "IN9")
DIGEST = "ab" * 32
SEARCH = ToolGrant(tool="search", digest=DIGEST, arguments=("project", "limit"))
LIMIT = ArgumentRule.model_validate({"argument": "limit", "at_most": 20})
# Of a reach that was approved before there were tools and rules.
OLD_DIGEST = "629ee70e46a60342cb7351aba296acdce944205204b2f0ce053715c28ac2ac70"


def reach(*served: ServedGrant) -> Reach:
    grant = DataGrant(integration="tickets", tables=(), served=served)
    return Reach(
        integrations=(IntegrationReach(name="tickets", resource="tickets", grant=grant),), egress=(), models=(),
        jobs=(), data_classes=(), memory_bytes=0, cpu=0, requests_per_second=5,
    )  # fmt: skip


def test_what_was_approved_before_there_were_tools_stays_what_it_is() -> None:
    document: dict[str, Any] = {
        "integrations": [
            {"name": "x", "resource": "crm", "grant": {
                "integration": "crm",
                "tables": [{"relation": "orders", "operations": ["insert", "select"], "columns": ["id"]}],
                "requests": [{"methods": ["POST", "GET"], "path": "/a/{id}", "query": ["b"], "links": ["next"]}],
                "mail": [{"senders": ["a@example.com"], "recipients": ["*"]}]}},
            {"name": "y", "resource": "z", "grant": {"integration": "z", "tables": []}},
        ],
        "egress": ["a:443"], "models": [], "jobs": [], "data_classes": ["c"], "memory_bytes": 1, "cpu": 0.5,
        "requests_per_second": 5,
    }  # fmt: skip
    assert Reach.model_validate(document).digest() == OLD_DIGEST


def test_words_say_all_that_a_grant_opens() -> None:
    fields = (FieldMask(path="email", mask=Mask.EMAIL),)
    tool = SEARCH.model_copy(update={"rules": (LIMIT,), "fields": fields})
    assert offer_words("tickets", tool) == (
        "tickets: calls the tool search, as of abababababab; arguments: only project, limit; only where limit is at"
        " most '20'; email masked to its domain"
    )
    assert offer_words("tickets", ResourceGrant(resource="tickets://open/{n}")) == "tickets: reads tickets://open/{n}"
    assert offer_words("t", PromptGrant(prompt="sum", arguments=())) == "t: gets the prompt sum; no arguments"
    asks = AskingGrant(server_asks=frozenset({"sampling", "roots"}))
    assert offer_words("t", asks) == "t: asks the app which folders there are and for answers of a model"
    called = OFFER.validate_python(
        {"methods": ["GET"], "path": "/a/{id}", "rules": [{"part": "id", "one_of": ["1", "2"]}]}
    )
    assert offer_words("crm", called) == "crm: GET /a/{id}; only where id is one of '1', '2'"


@pytest.mark.parametrize(
    ("now", "is_new"),
    [
        (SEARCH, False),
        (SEARCH.model_copy(update={"arguments": ("project",)}), False),
        (SEARCH.model_copy(update={"rules": (LIMIT,)}), False),
        (SEARCH.model_copy(update={"arguments": None}), True),
        (SEARCH.model_copy(update={"arguments": ("project", "order")}), True),
        (SEARCH.model_copy(update={"digest": "cd" * 32}), True),
        (SEARCH.model_copy(update={"tool": "close"}), True),
        (PromptGrant(prompt="sum"), True),
        (AskingGrant(server_asks=frozenset({"roots"})), True),
        (ResourceGrant(resource="tickets://**"), True),
    ],
)
def test_what_is_more_than_before_is_new_and_what_is_less_is_not(now: ServedGrant, is_new: bool) -> None:
    assert bool(news(reach(SEARCH), reach(now))) == is_new
    assert (reach(SEARCH).digest() == reach(now).digest()) == (now == SEARCH)


def test_a_rule_that_goes_is_new() -> None:
    ruled = RequestGrant.model_validate({"methods": ["GET"], "path": "/a", "rules": [{"query": "b", "equals": "c"}]})
    free = RequestGrant(methods=frozenset({"GET"}), path="/a")
    before, after = (
        Reach(
            integrations=(
                IntegrationReach(name="x", resource="x", grant=DataGrant(integration="x", tables=(), requests=(item,))),
            ),
            egress=(), models=(), jobs=(), data_classes=(), memory_bytes=0, cpu=0, requests_per_second=5,
        )
        for item in (ruled, free)
    )  # fmt: skip
    assert news(before, after) and not news(after, before)
    assert before.digest() != after.digest()


def test_what_servers_ask_has_no_order_in_an_approval() -> None:
    for order in (["roots", "sampling", "elicitation"], ["elicitation", "roots", "sampling"]):
        made = AskingGrant.model_validate({"server_asks": order})
        assert reach(made).digest() == reach(AskingGrant(server_asks=frozenset(order))).digest()


@pytest.mark.parametrize(
    "pattern",
    ["tickets:open", "Tickets://a", "tickets://a b", "tickets://a//b", "tickets://{a", "tickets://**/a", "//a"],
)
def test_a_pattern_of_resources_is_an_address(pattern: str) -> None:
    with pytest.raises(ValidationError):
        ResourceGrant(resource=pattern)


TOOL = {
    "name": "search",
    "description": "Search",
    "inputSchema": {"type": "object", "properties": {"a": {"type": "string", "default": None}}},
}


def test_the_digest_is_of_all_that_is_shown_and_of_nothing_else() -> None:
    assert digest_of(TOOL) == digest_of(TOOL | {"_meta": {"x": 1}, "icons": [], "outputSchema": None})
    for change in (
        {"description": "Search "},
        {"title": "Search"},
        {"annotations": {"readOnlyHint": True}},
        {"outputSchema": {}},
        {"inputSchema": {"type": "object", "properties": {"a": {"type": "string"}}}},
    ):
        assert digest_of(TOOL | change) != digest_of(TOOL), change


SCHEMA = {
    "type": "object",
    "required": ["project"],
    "properties": {
        "project": {"enum": ["a", "b"]},
        "limit": {"type": "integer"},
        "order": {"type": ["string", "null"]},
        "fixed": {"const": 1},
        "tags": {"type": "array", "items": {"type": "string"}},
        "filter": {"type": "object", "properties": {"deep": {"type": "boolean"}}, "additionalProperties": False},
        "never": False,
    },
}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"project": "a", "limit": 5, "order": None, "tags": ["x"], "filter": {"deep": True}, "fixed": 1}, ""),
        ({"project": "a", "limit": 5.0}, ""),
        ({}, "project is missing"),
        ({"project": "c"}, "none of the values"),
        ({"project": "a", "other": 1}, "no argument other"),
        ({"project": "a", "limit": "5"}, "limit is no integer"),
        ({"project": "a", "limit": True}, "limit is no integer"),
        ({"project": "a", "limit": 5.5}, "limit is no integer"),
        ({"project": "a", "order": 5}, "order is no string or null"),
        ({"project": "a", "fixed": True}, "not the value"),
        ({"project": "a", "tags": ["x", 5]}, "tags is no string"),
        ({"project": "a", "filter": {"deep": True, "x": 1}}, "no argument filter.x"),
        ({"project": "a", "filter": {"deep": 1}}, "filter.deep is no boolean"),
        ({"project": "a", "never": 1}, "never is not taken"),
    ],
)
def test_arguments_suit_the_schema(arguments: dict[str, Any], words: str) -> None:
    found = argument_fault(SCHEMA, arguments)
    assert words in found and bool(words) == bool(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(schema=JSON, arguments=st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_no_schema_of_a_server_breaks_the_check(schema: Any, arguments: dict[str, Any]) -> None:
    assert isinstance(argument_fault(schema, arguments), str)
