"""What a program may ask, whatever it sends: an accepted address is loopback to every reader of it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bailiwick.control.identity import (
    CLIENTS,
    Client,
    OAuthError,
    Parameters,
    Resources,
    read_request,
    read_return_address,
    read_wanted,
)
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.policy import StepUp

PIECES = st.sampled_from(
    ["http://", "https://", "127.0.0.1", "[::1]", "localhost", "evil.example", ":", "4000", "@", "/", "callback", "\\",
     "?", "#", "%2f", "%00", "\t", "\n", " ", "..", ".", "x", "0", "::1", "[", "]"]
)  # fmt: skip


def accepted(uri: str, client: Client = CLIENTS["bailiwick-cli"]) -> bool:
    try:
        read_return_address(Parameters({"redirect_uri": uri}, ()), client)
    except OAuthError:
        return False
    return True


@pytest.mark.req("ID2")
@given(st.lists(PIECES, max_size=9).map("".join) | st.from_regex(r"http://(127\.0\.0\.1|\[::1\]).{0,30}"))
@example("http://127.0.0.1:4000/callback")
@example("http://[::1]:65535/callback")
@example("http://127.0.0.1:4000/callback\n")
@example("http://127.0.0.1:٤٠٠٠/callback")
def test_an_address_that_is_taken_is_loopback_however_it_is_read(uri: str) -> None:
    if not accepted(uri):
        assert uri not in {"http://127.0.0.1:4000/callback", "http://[::1]:65535/callback"}
        return
    split = urlsplit(uri)
    assert ip_address(split.hostname or "").is_loopback
    assert (split.scheme, split.path, split.query, split.fragment) == ("http", "/callback", "", "")
    assert split.username is None
    assert split.port is not None
    assert split.port >= 1024
    assert ip_address(httpx2.URL(uri).host).is_loopback
    assert uri.isascii()


@pytest.mark.req("ID2")
@given(
    st.lists(PIECES, max_size=9).map("".join)
    | st.from_regex(r"(http|cursor)://(127\.0\.0\.1|localhost|\[::1\]).{0,30}")
)
@example("http://localhost:4000/callback")
@example("cursor://anysphere.cursor-mcp/oauth/callback")
@example("cursor://anysphere.cursor-mcp/oauth/callback\n")
def test_an_agent_waits_on_the_persons_machine_however_its_address_is_read(uri: str) -> None:
    agent = Client("agent:x", "agent:x", None, ("mcp",), "agent:x")
    if not accepted(uri, agent):
        assert uri not in {"http://localhost:4000/callback", "cursor://anysphere.cursor-mcp/oauth/callback"}
        return
    split = urlsplit(uri)
    assert (split.query, split.fragment, split.username, uri.isascii()) == ("", "", None, True)
    assert uri == uri.strip()
    if split.scheme == "http":
        assert split.hostname == httpx2.URL(uri).host.strip("[]")
        assert split.hostname == "localhost" or ip_address(split.hostname or "").is_loopback
        assert split.port is not None
        assert split.port >= 1024
    else:
        assert split.scheme == "cursor"


@pytest.mark.req("ID2")
@given(st.dictionaries(st.sampled_from(["response_type", "code_challenge", "code_challenge_method", "scope", "max_age",
                                        "acr_values"]), st.text(max_size=50)))  # fmt: skip
def test_whatever_is_asked_is_refused_in_words_or_proven_by_pkce(asked: dict[str, str]) -> None:
    right = {"response_type": "code", "code_challenge": pkce_challenge("v" * 43), "code_challenge_method": "S256"}
    to = read_return_address(
        Parameters({"redirect_uri": "http://127.0.0.1:4000/callback"}, ()), CLIENTS["bailiwick-cli"]
    )
    try:
        request = read_request(Parameters({**right, **asked}, ()), to, Resources("http://127.0.0.1:8400"))
    except OAuthError as fault:
        assert fault.error
        assert fault.message
    else:
        assert len(request.challenge) == 43
        assert request.audiences == ("api", "git", "mcp")


def test_a_program_may_want_a_sign_in_to_be_fresh_or_with_a_second_factor() -> None:
    assert read_wanted(Parameters({}, ())) == StepUp()
    asked = Parameters({"max_age": "0", "acr_values": "second-factor"}, ())
    assert read_wanted(asked) == StepUp(0, second_factor=True)


def test_parameters_come_once_and_secrets_in_them_are_not_shown() -> None:
    with pytest.raises(OAuthError):
        Parameters.of([("code", "bwc_1"), ("code", "bwc_1")])
    with pytest.raises(OAuthError):
        Parameters.of([("code", b"file")])
    read = Parameters.of([("code", "bwc_secret"), ("resource", "a"), ("resource", "b"), ("resource", "a")])
    assert read.resources == ("a", "b")
    assert "bwc_secret" not in repr(read)
