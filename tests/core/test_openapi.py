"""OpenAPI documents become access rules: nothing is opened that the document does not say, and nothing is fetched."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.openapi import Described, read_openapi

pytestmark = pytest.mark.req("IN1", "IN7")
FILE = Path(__file__).parents[1] / "assets" / "openapi" / "contacts.yaml"


@pytest.fixture
def found() -> Described:
    return read_openapi(yaml.safe_load(FILE.read_text()))


def test_rules_are_those_of_tags_and_of_each_operation_reading_and_writing_apart(found: Described) -> None:
    assert (found.title, found.server) == ("Contacts of the sales people", "https://crm.example/api/v2")
    assert list(found.rules) == [
        "admin:write", "contacts:read", "contacts:write", "create_contact:write", "get_contacts_contact_id:read",
        "list_contacts:read", "put_file:write", "remove_contact:write", "single_things:read",
    ]  # fmt: skip
    (listed, one) = found.pick(("contacts:read",))["contacts:read"]
    assert (listed.path, listed.query, listed.body, listed.headers) == ("/contacts", ("page",), (), ("x-tenant",))
    assert listed.links == ("next_page_url",)
    assert (one.path, one.query) == ("/contacts/{contactid}", ())
    (made,) = found.pick(("create_contact:write",))["create_contact:write"]
    assert (made.methods, made.body) == (frozenset({"POST"}), ("name", "email"))


def test_what_no_grant_can_say_is_left_out_and_told(found: Described) -> None:
    told = "\n".join(found.left_out)
    for words in (
        "GET /contacts/{id}.csv: a variable is only a part",
        "POST /odd: the fields of its body are not listed",
        "GET /elsewhere: it refers to another document",
        "POST /circle: its schemas are nested too deeply",
        "GET /a/../../etc/passwd: its path can be read in two ways",
    ):
        assert words in told
    with pytest.raises(InvalidInputError, match="has nothing for 'escape:read'"):
        found.pick(("escape:read",))


@pytest.mark.parametrize(
    "document",
    [
        {}, {"openapi": "3.1.0"}, {"swagger": "2.0", "paths": {}}, {"openapi": "4.0.0", "paths": {}},
        {"openapi": "3.1.0", "paths": []}, {"openapi": ["3.1.0"], "paths": {}},
        {"openapi": "3.1.0", "paths": {f"/{n}": {"get": {}} for n in range(5001)}},
    ],
    ids=["empty", "no-paths", "version-2", "version-4", "paths-a-list", "version-a-list", "too-many"],
)  # fmt: skip
def test_what_is_no_such_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        read_openapi(document)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.text(max_size=12).map(lambda path: f"/{path}"),
        st.dictionaries(st.sampled_from(["get", "post", "parameters", "$ref", "x"]), _JSON, max_size=3),
        max_size=3,
    )
)
def test_odd_documents_never_break_it(paths: dict[str, Any]) -> None:
    read_openapi({"openapi": "3.0.3", "paths": paths, "info": 1, "servers": ["x"]})
