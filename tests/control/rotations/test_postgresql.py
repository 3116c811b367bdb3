"""Passwords of a real PostgreSQL are rotated while apps query it, and no query fails; what is cut off is resumed."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bailiwick.control.rotations import State
from bailiwick.core.messages import DatabaseConnection, SecretValue
from bailiwick.core.policy import PoliciesInForce
from bailiwick.dataplane.gateways.sql import Connection
from bailiwick.dataplane.gateways.sql.messages import Message, read_message, text
from bailiwick.dataplane.integrations import PlaneIntegrations
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.rotated import FIRST, NAME, Twins, declare, put, rotate, shown, value
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("SE2")


@dataclass
class Apps:
    """What a plane's apps do: some connect for each query, one keeps its connection."""

    company: Company
    twins: Twins
    users: set[str] = field(default_factory=set)
    queries: int = 0
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    async def person_token(self, _: object) -> Any:
        """No person has consented to anything here."""
        raise AssertionError

    async def secret(self, name: str) -> SecretValue:
        """Answer as the planes' door does."""

        def read() -> SecretValue:
            with self.company.control.store.transaction() as session:
                held = self.company.control.vault.held(session, name)
                return SecretValue(name=name, value=held.value, version=held.version, account=held.account)

        return await asyncio.to_thread(read)

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        link: Any = self
        plane = PlaneIntegrations(engine=PoliciesInForce(), desired=lambda: None, link=link, databases=None)
        loop = asyncio.get_running_loop()
        self.company.control.rotation_keeper._on_switch = lambda: loop.call_soon_threadsafe(plane.hear, {NAME: 2})
        where = self.twins.names
        target = DatabaseConnection(
            host=where["host"], port=where["port"], database=where["database"], user=self.twins.a, secret=NAME
        )
        await asyncio.gather(
            self._keeps(await plane.sign_in(target, "kept")), *(self._connects(plane, target) for _ in range(3))
        )

    async def _keeps(self, connection: Connection) -> None:
        while not self.over.is_set():
            await self._query(connection)
            await asyncio.sleep(0.001)
        connection.close()

    async def _connects(self, plane: PlaneIntegrations, target: DatabaseConnection) -> None:
        while not self.over.is_set():
            try:
                connection = await plane.sign_in(target, "new")
            except Exception as fault:
                self.failures.append(str(fault))
                return
            await self._query(connection)
            connection.close()

    async def _query(self, connection: Connection) -> None:
        connection.channel.write(Message(b"Q", text("SELECT session_user, count(*) FROM public.orders")).encode())
        while (message := await read_message(connection.channel)).kind != b"Z":
            if message.kind == b"E":
                self.failures.append(message.body.decode(errors="replace"))
            if message.kind == b"D":
                self.users.add(message.body[6:].split(b"\0")[0].decode())
        self.queries += 1


@pytest.fixture
def apps(company: Company, twins: Twins) -> Apps:
    return Apps(company, twins)


def busy(apps: Apps, work: Callable[[], None]) -> None:
    """Do something while apps query; they do before, in between and afterwards."""
    thread = threading.Thread(target=apps.run)
    thread.start()
    try:
        _more(apps, 50)
        work()
        _more(apps, 50)
    finally:
        apps.over.set()
        thread.join(30)
    assert not thread.is_alive()


def _more(apps: Apps, count: int) -> None:
    wanted = apps.queries + count
    until(lambda: apps.queries >= wanted or apps.failures, 30, f"{count} more queries")


def test_two_roles_take_turns_under_load_and_no_query_fails(
    company: Company, clock: MovingClock, twins: Twins, apps: Apps
) -> None:
    declare(company, twins.source())
    keeper = company.control.rotation_keeper

    def turn() -> None:
        rotate(company)
        keeper.keep()
        view, rotations = shown(company)
        assert (view.version, view.account, rotations[0].state) == (2, twins.b, State.SWITCHED)
        assert twins.signs_in(twins.a, FIRST)
        assert twins.signs_in(twins.b, value(company))
        _more(apps, 50)
        clock.move(minutes=59)
        keeper.keep()
        assert twins.signs_in(twins.a, FIRST)
        clock.move(minutes=2)
        keeper.keep()
        assert shown(company)[1][0].state is State.DONE
        assert not twins.signs_in(twins.a, FIRST)

    busy(apps, turn)
    assert apps.failures == []
    assert apps.users == {twins.a, twins.b}
    keeper._on_switch = lambda: None  # the plane is gone
    rotate(company)
    keeper.keep()
    assert shown(company)[0].account == twins.a
    assert twins.signs_in(twins.a, value(company))


def test_one_role_changes_its_own_password_under_load_and_no_query_fails(
    company: Company, twins: Twins, apps: Apps
) -> None:
    declare(company, twins.source(roles=(twins.a,), by=None))

    def change() -> None:
        rotate(company)
        company.control.rotation_keeper.keep()
        assert shown(company)[1][0].state is State.DONE

    busy(apps, change)
    assert apps.failures == []
    assert not twins.signs_in(twins.a, FIRST)
    assert twins.signs_in(twins.a, value(company))


@pytest.mark.parametrize("roles", ["one", "two"])
@pytest.mark.parametrize(
    ("step", "when"), [("_made", "before"), ("_made", "after"), ("_switch", "after"), ("_revoked", "after")]
)
def test_a_rotation_that_is_cut_off_anywhere_is_finished_by_the_next_process(
    company: Company,
    clock: MovingClock,
    twins: Twins,
    monkeypatch: pytest.MonkeyPatch,
    roles: str,
    step: str,
    when: str,
) -> None:
    one = {"roles": (twins.a,), "by": None} if roles == "one" else {}
    declare(company, twins.source(**one))
    keeper = company.control.rotation_keeper
    whole = getattr(type(keeper), step)
    mine = type(keeper)._mine

    def cut(self: Any, *arguments: Any) -> Any:
        if when == "before":
            raise KeyboardInterrupt
        if step == "_switch":
            whole(self, *arguments)
            raise KeyboardInterrupt  # in the transaction, which is undone
        monkeypatch.setattr(type(keeper), "_mine", _killed)  # the source did it, and nobody heard of it
        return whole(self, *arguments)

    def _killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(keeper), step, cut)
    rotate(company)
    with pytest.raises(KeyboardInterrupt):
        keeper.keep()
        clock.move(minutes=61)
        keeper.keep()
    monkeypatch.setattr(type(keeper), step, whole)
    monkeypatch.setattr(type(keeper), "_mine", mine)
    keeper.keep()  # nobody takes it from whoever may still be at it
    for _ in range(2):
        clock.move(minutes=61)
        keeper.keep()
    view, rotations = shown(company)
    assert (view.version, len(rotations), rotations[0].state) == (2, 1, State.DONE)
    assert twins.signs_in(view.account, value(company))
    assert not twins.signs_in(twins.a, FIRST)
    assert "staged" not in rotations[0].error


def test_a_twin_without_the_same_rights_is_refused_and_the_old_password_stays_in_force(
    company: Company, twins: Twins
) -> None:
    declare(company, twins.source())
    for change in (
        (f"REVOKE SELECT ON orders FROM {twins.b}",),
        (f"GRANT SELECT ON orders TO {twins.b}", f"GRANT INSERT ON orders TO {twins.a}"),
        (f"REVOKE INSERT ON orders FROM {twins.a}", f"GRANT pg_monitor TO {twins.a}"),
        (f"REVOKE pg_monitor FROM {twins.a}", f"ALTER ROLE {twins.a} SET work_mem = '8MB'"),
    ):
        twins.run(*change)
        rotate(company)
        company.control.rotation_keeper.keep()
        view, rotations = shown(company)
        assert (view.version, rotations[0].state) == (1, State.FAILED)
        assert f"{twins.b} is no twin of {twins.a}" in rotations[0].error
    twins.run(f"ALTER ROLE {twins.a} RESET work_mem")
    assert twins.signs_in(twins.a, value(company))
    assert ("secret.rotation-failed", "service:vault") in company.actions()


def test_roles_in_the_wrong_order_are_refused_before_the_one_in_use_is_touched(company: Company, twins: Twins) -> None:
    declare(company, twins.source(roles=(twins.b, twins.a)))
    rotate(company)
    company.control.rotation_keeper.keep()
    assert "list first the role that is in use" in shown(company)[1][0].error
    assert twins.signs_in(twins.a, FIRST)


def test_who_may_not_change_passwords_fails_with_the_code_alone(company: Company, twins: Twins) -> None:
    declare(company, twins.source())
    twins.run(f"ALTER ROLE {twins.by} NOCREATEROLE")
    rotate(company)
    company.control.rotation_keeper.keep()
    failed = shown(company)[1][0]
    assert failed.state is State.FAILED
    assert "(42501)" in failed.error
    put(company, "rotator-password", "a-wrong-password")
    rotate(company)
    company.control.rotation_keeper.keep()
    assert f"does not take the sign-in of {twins.by}" in shown(company)[1][0].error
    assert "a-wrong-password" not in repr(shown(company))


def test_a_source_that_is_down_is_tried_again_and_then_given_up(
    company: Company, clock: MovingClock, twins: Twins
) -> None:
    declare(company, twins.source(host="127.0.0.1", port=1))
    rotate(company)
    keeper = company.control.rotation_keeper
    keeper.keep()
    waiting = shown(company)[1][0]
    assert (waiting.state, waiting.attempts) == (State.STAGED, 1)
    assert "127.0.0.1:1 does not answer" in waiting.error
    clock.move(minutes=61)
    keeper.keep()
    failed = shown(company)[1][0]
    assert (failed.state, value(company)) == (State.FAILED, FIRST)
    assert "given up after an hour" in failed.error
    assert rotate(company).id != failed.id


def test_a_password_that_a_person_stores_meanwhile_stays(company: Company, clock: MovingClock, twins: Twins) -> None:
    declare(company, twins.source())
    rotate(company)
    keeper = company.control.rotation_keeper
    original = keeper._switch

    def late(session: Any, row: Any) -> bool:
        company.control.vault.put(session, NAME, "by-hand-meanwhile", by="user:it@example.com")
        return original(session, row)

    keeper._switch = late  # type: ignore[method-assign]
    keeper.keep()
    assert (value(company), shown(company)[1][0].state) == ("by-hand-meanwhile", State.FAILED)


def test_a_leaked_password_is_rotated_at_once_and_its_sessions_end(
    company: Company, clock: MovingClock, twins: Twins
) -> None:
    import psycopg

    declare(company, twins.source())
    twins.run(f"GRANT pg_signal_backend TO {twins.by}")
    thief = psycopg.connect(twins.server.url(twins.database, user=twins.a, password=FIRST), autocommit=True)
    refused = company.push("builder", {"settings.py": f"PASSWORD = {FIRST!r}\n"})
    assert not refused.accepted
    keeper = company.control.rotation_keeper
    keeper.keep()
    clock.move(minutes=3)
    keeper.keep()
    rotation = shown(company)[1][0]
    assert (rotation.cause, rotation.state) == ("leak", State.DONE)
    with pytest.raises(psycopg.OperationalError):
        thief.execute("SELECT 1")
    assert not twins.signs_in(twins.a, FIRST)
    assert FIRST not in repr(shown(company))
    company.push("builder", {"settings.py": f"PASSWORD = {FIRST!r}\n"})
    assert len(shown(company)[1]) == 1  # what works nowhere is no leak any more
