"""Messages on disk: in order, within limits, each given out until it was handled, and to its own queue only."""

from pathlib import Path

import pytest

from bailiwick.dataplane.queues import Counts, Place, QueueFullError, QueueStore

MAIL, OTHER = Place("finance/desk", "production", "mail"), Place("finance/other", "production", "mail")


@pytest.fixture
def store(tmp_path: Path) -> QueueStore:
    return QueueStore(tmp_path / "queues.sqlite")


def put(store: QueueStore, body: bytes, place: Place = MAIL, now: float = 0) -> str:
    return store.put(place, body, "user:a@example.com", "", now)


@pytest.mark.req("RT7")
def test_messages_are_given_out_in_order_once_and_to_nobody_else(store: QueueStore) -> None:
    first, second = put(store, b"1"), put(store, b"2")
    assert store.take(OTHER, 1) is None
    assert store.take(Place(MAIL.app, "preview", MAIL.worker), 1) is None
    taken = [store.take(MAIL, 1), store.take(MAIL, 1), store.take(MAIL, 1)]
    assert [item.id if item else None for item in taken] == [first, second, None]
    store.done(first)
    assert store.counts(MAIL) == Counts(taken=1)


@pytest.mark.req("RT7")
def test_what_a_plane_had_when_it_was_killed_is_given_out_again_until_that_was_too_often(store: QueueStore) -> None:
    message = put(store, b"1")
    again = QueueStore(store._path)
    for attempt in (1, 2):
        taken = again.take(MAIL, 1)
        assert taken is not None and (taken.id, taken.attempt) == (message, attempt)
        again.give_back(MAIL, 1, 1)
    assert again.take(MAIL, 2) is None
    (letter,) = again.dead(MAIL)
    assert (letter.attempts, letter.words) == (2, "the worker ended while it had it")


@pytest.mark.req("RT7")
def test_a_failed_message_waits_for_its_time(store: QueueStore) -> None:
    message = put(store, b"1")
    assert store.take(MAIL, 1) is not None
    store.failed(message, "ValueError", 60)
    assert (store.take(MAIL, 59), store.next_due(MAIL)) == (None, 60)
    assert store.take(MAIL, 60) is not None


@pytest.mark.req("RT7", "RT6")
def test_an_app_fills_its_own_queues_only(store: QueueStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bailiwick.dataplane.queues.store._MOST_BYTES", 10)
    put(store, b"123456")
    with pytest.raises(QueueFullError, match="1 messages"):
        put(store, b"12345")
    put(store, b"12345", OTHER)
    monkeypatch.setattr("bailiwick.dataplane.queues.store._MOST_MESSAGES", 1)
    with pytest.raises(QueueFullError):
        put(store, b"1")


@pytest.mark.req("RT7")
def test_messages_of_apps_that_are_not_served_any_more_are_forgotten(store: QueueStore) -> None:
    put(store, b"1")
    put(store, b"1", OTHER)
    store.keep_apps({("finance/desk", "production")})
    assert (store.counts(MAIL).waiting, store.counts(OTHER)) == (1, Counts())
    assert store._path.stat().st_mode & 0o077 == 0
