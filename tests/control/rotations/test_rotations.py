"""Who may have secrets rotated, when they are by themselves, and what happens to those that cannot be."""

import threading

import pytest
from pydantic import ValidationError

from bailiwick.control.rotations import HookSource, NotRotatableError, PostgresSource, Rotation, State
from bailiwick.control.vault import SecretNotFoundError
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.rotated import FIRST, NAME, Twins, declare, put, rotate, shown, value

pytestmark = pytest.mark.req("SE2")


def test_two_wishes_at_once_end_in_one_rotation(company: Company, twins: Twins) -> None:
    declare(company, twins.source())
    found: list[Rotation] = []
    threads = [threading.Thread(target=lambda: found.append(rotate(company))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item.id for item in found}) == 1
    keepers = [threading.Thread(target=company.control.rotation_keeper.keep) for _ in range(3)]
    for thread in keepers:
        thread.start()
    for thread in keepers:
        thread.join()
    view, rotations = shown(company)
    assert (view.version, [item.state for item in rotations]) == (2, [State.SWITCHED])
    assert twins.signs_in(twins.b, value(company))


def test_a_schedule_rotates_and_waits_an_hour_after_a_failure(
    company: Company, clock: MovingClock, twins: Twins
) -> None:
    declare(company, twins.source(), every_hours=24)
    keeper = company.control.rotation_keeper
    keeper.keep()
    assert shown(company)[1] == []
    twins.run(f"REVOKE SELECT ON orders FROM {twins.b}")
    clock.move(hours=25)
    keeper.keep()
    keeper.keep()
    view, rotations = shown(company)
    assert [(item.cause, item.state) for item in rotations] == [("schedule", State.FAILED)]
    assert view.next_rotation is not None
    assert view.next_rotation > clock()
    twins.run(f"GRANT SELECT ON orders TO {twins.b}")
    clock.move(minutes=61)
    keeper.keep()
    assert shown(company)[0].version == 2
    assert shown(company)[0].account == twins.b


def test_a_leak_of_what_nobody_can_rotate_waits_for_a_person(company: Company) -> None:
    put(company, "mail-key", "the-key-of-the-mail-service")
    refused = company.push("builder", {"settings.py": "KEY = 'the-key-of-the-mail-service'\n"})
    assert not refused.accepted
    view, rotations = shown(company, "mail-key")
    assert (rotations[0].cause, rotations[0].state) == ("leak", State.BY_HAND)
    assert view.going is not None
    company.control.rotation_keeper.keep()
    assert shown(company, "mail-key")[1][0].state is State.BY_HAND
    put(company, "mail-key", "another-key-of-the-mail-service")
    assert shown(company, "mail-key")[0].going is None
    company.push("builder", {"settings.py": "KEY = 'the-key-of-the-mail-service'\n"})
    assert len(shown(company, "mail-key")[1]) == 1
    said = [item for item in company.actions() if item[0] == "secret.rotation-asked"]
    assert said == [("secret.rotation-asked", "service:review")]


def test_an_encoded_value_in_code_is_a_leak_too(company: Company) -> None:
    import base64

    put(company, "mail-key", "the-key-of-the-mail-service")
    encoded = base64.b64encode(b"key=the-key-of-the-mail-service").decode()
    company.push("builder", {"settings.py": f"KEY = {encoded!r}\n"})
    assert shown(company, "mail-key")[1][0].cause == "leak"


def test_a_new_value_that_leaks_before_the_old_one_is_gone_is_rotated_again(
    company: Company, clock: MovingClock, twins: Twins
) -> None:
    declare(company, twins.source())
    keeper = company.control.rotation_keeper
    rotate(company)
    keeper.keep()
    second = value(company)
    company.push("builder", {"settings.py": f"PASSWORD = {second!r}\n"})
    for _ in range(3):
        clock.move(minutes=3)
        keeper.keep()
    view, rotations = shown(company)
    assert view.version == 3
    assert {item.state for item in rotations} == {State.DONE}
    assert not twins.signs_in(twins.b, second)
    assert twins.signs_in(view.account, value(company))


def test_only_who_keeps_secrets_sees_or_rotates_them(company: Company, twins: Twins) -> None:
    declare(company, twins.source())
    service, builder = company.control.rotations, company.people["builder"]
    for ask in (
        lambda: service.rotate(builder, NAME, "please"),
        lambda: service.secret(builder, NAME),
        lambda: service.secrets(builder),
        lambda: service.put(builder, NAME, "mine"),
        lambda: service.undeclare(builder, NAME, "please"),
    ):
        with pytest.raises(ForbiddenError):
            ask()
    assert FIRST not in repr(service.secrets(company.people["admin"]))


def test_what_cannot_be_rotated_is_refused_in_words(company: Company, twins: Twins) -> None:
    with pytest.raises(NotRotatableError, match="nothing says where a new value"):
        rotate(company)
    with pytest.raises(SecretNotFoundError):
        rotate(company, "no-such-secret")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        company.control.rotations.rotate(company.people["admin"], NAME, " ")
    with pytest.raises(InvalidInputError, match="not rotated with itself"):
        declare(company, twins.source(by={"user": twins.by, "secret": NAME}))
    with pytest.raises(InvalidInputError, match="no secret 'other-password'"):
        declare(company, twins.source(by={"user": twins.by, "secret": "other-password"}))
    with pytest.raises(InvalidInputError, match="has an owner"):
        declare(company, twins.source(), owner="somebody")
    with pytest.raises(InvalidInputError, match="no hook 'crm'"):
        declare(company, HookSource(kind="hook", hook="crm"))


@pytest.mark.parametrize(
    "change",
    [
        {"roles": ()},
        {"roles": ("a", "a")},
        {"roles": ("a", "b", "c")},
        {"roles": ("a", "b"), "by": None},
        {"roles": ("a", "rotator")},
        {"roles": ("a\0b", "b")},
        {"roles": ('a"; DROP ROLE b; --', "b")},
        {"host": ""},
        {"port": 0},
        {"password": "x"},
    ],
    ids=str,
)
def test_a_source_that_does_not_fit_together_is_refused(change: dict[str, object]) -> None:
    whole = {"host": "db", "database": "d", "roles": ("a", "b"), "by": {"user": "rotator", "secret": "r"}}
    PostgresSource.model_validate(whole)
    with pytest.raises(ValidationError):
        PostgresSource.model_validate(whole | change)


def test_what_can_be_no_secret_or_names_none_is_refused_without_repeating_it(company: Company) -> None:
    for odd in ("", "a\0b", "\ud800", "x" * 16_385):
        with pytest.raises(InvalidInputError) as refused:
            put(company, "odd", odd)
        assert not odd or odd not in str(refused.value)
    for name in ("", "../x", "a//b", "/b", "A/b", "A", "a b", "a" * 64, "1a", "a\n", "ä", "a;drop"):
        with pytest.raises(InvalidInputError, match="cannot name a secret"):
            put(company, name, "some-value")
    multiline = "-----BEGIN KEY-----\nlines\n-----END KEY-----"
    put(company, "lines", multiline)
    assert value(company, "lines") == multiline
