"""Passes for models: of whoever is behind them, an agent with its person too, and for no other door."""

from datetime import timedelta

import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.errors import NotAuthenticatedError
from bailiwick.core.passes import MODELS_APP, MODELS_MODE, issue_model_pass, read_pass
from bailiwick.core.principals import Identity, Principal, SignIn
from bailiwick.core.statements import SigningKey

KEY = SigningKey.generate()
NAMES = frozenset({"user:eve@example.com", "group:support"})
EVE = Identity(Principal("user", "eve@example.com"), NAMES, {"region": "EMEA"}, 3, SignIn(60, True))
AGENT = Identity(Principal("agent", "coder"), frozenset({"agent:coder"}), epoch=2).for_person(EVE)


@pytest.mark.req("AI2", "IN3")
@pytest.mark.parametrize("identity", [EVE, AGENT], ids=["a person", "an agent for a person"])
def test_a_pass_says_everything_that_policy_may_ask(identity: Identity) -> None:
    now = utc_now().replace(microsecond=0)
    token = issue_model_pass(identity, KEY, now + timedelta(minutes=1), now)
    read = read_pass(token, KEY.public_text, app=MODELS_APP, mode=MODELS_MODE, now=now).identity
    assert read == identity
    assert read.is_revoked({"user:eve@example.com": 4})


@pytest.mark.req("AI2")
def test_a_pass_is_good_at_its_door_and_in_its_time_only() -> None:
    now = utc_now()
    token = issue_model_pass(EVE, KEY, now + timedelta(minutes=1), now)
    for app, mode, when, key in (
        ("finance/desk", "production", now, KEY),
        (MODELS_APP, "production", now, KEY),
        (MODELS_APP, MODELS_MODE, now + timedelta(minutes=2), KEY),
        (MODELS_APP, MODELS_MODE, now, SigningKey.generate()),
    ):
        with pytest.raises(NotAuthenticatedError):
            read_pass(token, key.public_text, app=app, mode=mode, now=when)
