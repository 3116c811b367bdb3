"""Which keys count: each follows from the one before it, and what ended counts no more."""

from datetime import UTC, datetime, timedelta

import pytest

from bailiwick.core.statements import SignatureError, SigningKey
from bailiwick.core.trust import KeyChanges, PublishedKey, Purpose, endorse, known_keys, read_keys, trusted_at

NOW = datetime(2026, 5, 1, tzinfo=UTC)
FIRST, SECOND, THIRD, STRANGER, REVIEW = (SigningKey.generate() for _ in range(5))
PINNED: dict[Purpose, tuple[str, ...]] = {
    "review": (REVIEW.public_text,),
    "approval": (REVIEW.public_text,),
    "release": (FIRST.public_text,),
}


def published(key: SigningKey, purpose: Purpose = "release", **fields: object) -> PublishedKey:
    content = {"id": key.key_id, "purpose": purpose, "public": key.public_text, "since": NOW, **fields}
    return PublishedKey.model_validate(content)


def trusted(changes: KeyChanges, now: datetime = NOW) -> set[str]:
    return set(trusted_at(known_keys(PINNED, changes), now).release.keys)


SECOND_BY_FIRST = endorse(published(SECOND), FIRST)
THIRD_BY_SECOND = endorse(published(THIRD), SECOND)


@pytest.mark.req("DG7")
def test_a_key_that_the_one_before_endorsed_is_trusted_beside_it() -> None:
    changes = KeyChanges(endorsements=(SECOND_BY_FIRST, THIRD_BY_SECOND))
    assert trusted(changes) == {FIRST.key_id, SECOND.key_id, THIRD.key_id}


@pytest.mark.req("DG7")
@pytest.mark.parametrize(
    "endorsements",
    [
        (endorse(published(STRANGER), STRANGER),),
        (THIRD_BY_SECOND,),
        (SECOND_BY_FIRST, endorse(published(THIRD), FIRST)),
        (endorse(published(SECOND), REVIEW),),
        (endorse(published(SECOND, id="ed25519:0000000000000000"), FIRST),),
    ],
)
def test_a_key_that_does_not_follow_is_not_trusted(endorsements: tuple[object, ...]) -> None:
    with pytest.raises(SignatureError):
        trusted(KeyChanges.model_validate({"endorsements": endorsements}))


@pytest.mark.req("DG7")
def test_a_revoked_key_is_named_with_why_and_one_that_ends_counts_until_then() -> None:
    gone = published(FIRST, ends=NOW, revoked=True, because="the backup was stolen")
    changes = KeyChanges(endorsements=(SECOND_BY_FIRST,), ending=(gone,))
    assert trusted(changes) == {SECOND.key_id}
    ring = trusted_at(known_keys(PINNED, changes), NOW).release
    with pytest.raises(SignatureError, match="was revoked on 2026-05-01 00:00: the backup was stolen"):
        ring.verify(b"", FIRST.key_id, b"")
    later = published(FIRST, ends=NOW + timedelta(days=1), because="another key took its place")
    changes = KeyChanges(endorsements=(SECOND_BY_FIRST,), ending=(later,))
    assert trusted(changes) == {FIRST.key_id, SECOND.key_id}
    assert trusted(changes, NOW + timedelta(days=1)) == {SECOND.key_id}


@pytest.mark.req("DG7")
def test_telling_of_a_key_that_nobody_pinned_gives_it_no_trust() -> None:
    assert trusted(KeyChanges(ending=(published(STRANGER),))) == {FIRST.key_id}


def test_a_file_that_holds_no_keys_is_refused() -> None:
    with pytest.raises(SignatureError, match="not a file of keys"):
        read_keys('{"payload": "e30="}')
