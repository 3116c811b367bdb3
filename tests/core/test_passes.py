from datetime import UTC, datetime, timedelta

import pytest

from bailiwick.core.errors import NotAuthenticatedError
from bailiwick.core.passes import Pass, issue_pass, read_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import SigningKey

KEY, NOW = SigningKey.generate(), datetime(2026, 3, 1, 12, tzinfo=UTC)
WHO = Identity(Principal("user", "u@example.com"), frozenset({"user:u@example.com"}), {"region": "EMEA"}, 3)
TOKEN = issue_pass(Pass(WHO, "finance/desk", "production", "ses_1", NOW + timedelta(minutes=5)), KEY)


@pytest.mark.req("ID2")
def test_a_pass_brings_back_the_person_with_region_and_epoch() -> None:
    read = read_pass(TOKEN, KEY.public_text, app="finance/desk", mode="production", now=NOW)
    assert read.identity == WHO


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("app", "mode", "later", "token"),
    [
        ("finance/other", "production", 0, TOKEN),
        ("finance/desk", "preview", 0, TOKEN),
        ("finance/desk", "production", 600, TOKEN),
        ("finance/desk", "production", 0, TOKEN[:-4] + "AAAA"),
        ("finance/desk", "production", 0, ""),
        ("finance/desk", "production", 0, "eyJhbGciOiJub25lIn0." + TOKEN.split(".")[1] + "."),
    ],
)
def test_another_app_another_mode_an_old_or_a_forged_pass_is_refused(
    app: str, mode: str, later: int, token: str
) -> None:
    with pytest.raises(NotAuthenticatedError):
        read_pass(token, KEY.public_text, app=app, mode=mode, now=NOW + timedelta(seconds=later))


def test_a_pass_of_another_key_is_refused() -> None:
    other = SigningKey.generate().public_text
    with pytest.raises(NotAuthenticatedError):
        read_pass(TOKEN, other, app="finance/desk", mode="production", now=NOW)


def test_the_private_key_does_not_show_itself() -> None:
    assert KEY.to_raw().hex() not in repr(KEY)
    assert "private" not in repr(KEY)
