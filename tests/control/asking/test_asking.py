"""Who may ask planes for lines and rows: decided and audited before any plane hears of it, masked after it answered."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bailiwick.control.asking import AppLogService, LogQuery, PlaneAsking, RowSampling
from bailiwick.control.audit import AuditQuery, search
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import BailiwickError, ForbiddenError, NotFoundError
from bailiwick.core.messages import AnyAnswer, AskOrder, LogAnswer, LogLine, RefusedAnswer, RowsAnswer
from bailiwick.core.passes import read_pass
from bailiwick.core.statements import SigningKey
from tests.fixtures.company import APP, Company

pytestmark = pytest.mark.req("OB4", "IN8")
KEY = SigningKey.generate()
SECRET = "a-value-of-the-vault-8a1f"


@dataclass
class Asked:
    """The services with a plane behind them that answers as it is told."""

    company: Company
    answer: AnyAnswer = field(default_factory=lambda: LogAnswer(lines=(line("begins"),)))
    orders: list[tuple[AskOrder, float]] = field(default_factory=list)
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        control, plane = self.company.control, PlaneAsking(self.ask, KEY, utc_now)
        parts = (control.store, control.audit, control.authorizer, control.catalog.readable_app, plane)
        self.logs = AppLogService(*parts, lambda: utc_now() + self.ahead)
        self.rows = RowSampling(*parts)

    def ask(self, order: AskOrder, seconds: float) -> AnyAnswer:
        self.orders.append((order, seconds))
        return self.answer

    def read(self, who: str, app: str = APP, **fields: Any) -> LogAnswer:
        return self.logs.read(self.company.people[who], app, LogQuery(**fields))

    def noted(self) -> list[tuple[str, str]]:
        with self.company.control.store.transaction() as session:
            found = search(session, AuditQuery(action="app-log.read"), limit=50).events
        return [(item.event.actor, item.event.plane) for item in reversed(found)]


def line(text: str) -> LogLine:
    return LogLine(number=7, time=utc_now(), release="rel_1", part="", text=text)


@pytest.fixture
def asked(company: Company) -> Iterator[Asked]:
    yield Asked(company)


def test_only_builders_of_the_app_read_and_no_plane_hears_of_others(asked: Asked) -> None:
    for who in ("admin", "security", "approver", "user"):
        with pytest.raises((ForbiddenError, NotFoundError)):
            asked.read(who)
        with pytest.raises((ForbiddenError, NotFoundError)):
            asked.rows.sample(asked.company.people[who], APP, "orders", "orders", 3)
    with pytest.raises(NotFoundError):
        asked.read("builder", "finance/nothing")
    assert asked.orders == []
    assert asked.noted() == []
    assert [item.text for item in asked.read("builder", mode="production", text="b").lines] == ["begins"]
    ((order, _),) = asked.orders
    assert order.plane == "production"
    assert order.token not in repr(order)
    found = read_pass(order.token, KEY.public_text, app=APP, mode="app-log", now=utc_now())
    assert str(found.identity.principal) == "user:builder@example.com"
    assert found.expires < utc_now() + timedelta(minutes=2)


def test_rows_are_asked_of_the_plane_of_previews_only(asked: Asked) -> None:
    asked.answer = RowsAnswer(columns=("id", "card"), masks={"card": "last4"}, rows=(("1", "•••• 1111"), ("2", None)))
    found = asked.rows.sample(asked.company.people["builder"], APP, "orders", "orders", 2)
    assert found.rows == (("1", "•••• 1111"), ("2", None))
    assert [order.plane for order, _ in asked.orders] == ["editor"]
    # Production refuses by the built-in policy, whoever asks and whatever roles they hold.
    control, people = asked.company.control, asked.company.people
    with control.store.transaction() as session:
        decision = control.authorizer.decide(
            session, people["builder"], "app.sample-rows", f"app:{APP}", {"mode": "production", "plane": "production"}
        )
    assert decision.deciders == ("no-rows-of-production-are-sampled",)


def test_whoever_follows_is_in_the_log_once_in_a_while(asked: Asked) -> None:
    asked.read("builder")
    asked.read("builder", after=7, wait_seconds=5)
    asked.read("builder", after=8)
    asked.read("second", after=8)
    asked.read("builder", mode="production", after=8)
    assert [(actor.partition("@")[0], plane) for actor, plane in asked.noted()] == [
        ("user:builder", "editor"), ("user:second", "editor"), ("user:builder", "production"),
    ]  # fmt: skip
    asked.ahead = timedelta(minutes=6)
    asked.read("builder", after=9)
    asked.read("builder")
    assert len(asked.noted()) == 5
    assert [seconds for _, seconds in asked.orders][:3] == [30.0, 35.0, 30.0]


def test_what_the_vault_knows_and_the_plane_does_not_is_masked_here(asked: Asked) -> None:
    control = asked.company.control
    with control.store.transaction() as session:
        control.vault.put(session, "other-password", SECRET, by="user:admin@example.com")
    asked.answer = LogAnswer(lines=(line(f"with {SECRET} in it"),))
    assert [item.text for item in asked.read("builder").lines] == ["with ••• in it"]
    asked.answer = RowsAnswer(columns=("note",), masks={}, rows=((f"{SECRET}!",),))
    assert asked.rows.sample(asked.company.people["builder"], APP, "orders", "orders", 1).rows == (("•••!",),)


def test_what_a_plane_refuses_is_refused_in_its_words(asked: Asked) -> None:
    asked.answer = RefusedAnswer(code="policy.forbidden", status=403, words="no", hint="ask", deciders=("a-policy",))
    with pytest.raises(ForbiddenError) as fault:
        asked.read("builder")
    assert (fault.value.message, fault.value.hint, fault.value.deciders) == ("no", "ask", ("a-policy",))
    # A pass that a plane does not take is no sign-in of whoever asks that has ended.
    asked.answer = RefusedAnswer(code="identity.not-authenticated", status=401, words="this sign-in is not valid here")
    with pytest.raises(BailiwickError) as other:
        asked.read("builder")
    assert other.value.status == 503
    broken = RefusedAnswer(code="x", status=500, words="it broke")
    for answer in (RowsAnswer(columns=(), masks={}, rows=()), broken):
        asked.answer = answer
        with pytest.raises(BailiwickError):
            asked.read("builder")
