"""What was acknowledged is what answers: nothing asked after a revocation is allowed by what was true before it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from bailiwick.control.app import ControlPlane
from bailiwick.control.wiring import build_control
from tests.fixtures.company import APP, Company
from tests.fixtures.policies import case_of, in_force
from tests.fixtures.waiting import until

NOTHING = "// nothing\n"


@dataclass
class Asker:
    """Asks one question again and again, in a thread, of its own process of the control plane."""

    control: ControlPlane
    who: str
    action: str
    answers: list[tuple[float, bool]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, company: Company) -> None:
        while not self.stop.is_set():
            begun = time.monotonic()
            with self.control.store.transaction() as session:
                asked = self.control.authorizer.decide(session, company.people[self.who], self.action, f"app:{APP}")
            self.answers.append((begun, asked.allowed))

    def asked_after(self, moment: float) -> list[bool]:
        """Return the answers to what was asked after a moment (monotonic)."""
        return [allowed for begun, allowed in list(self.answers) if begun > moment]


@contextmanager
def asking(company: Company, who: str, action: str) -> Iterator[list[Asker]]:
    """Ask in two threads of this process and two of another one, for the length of a block."""
    other = build_control(company.control.settings)
    askers = [Asker(control, who, action) for control in (company.control, other) for _ in range(2)]
    threads = [threading.Thread(target=asker.ask, args=(company,)) for asker in askers]
    for thread in threads:
        thread.start()
    try:
        yield askers
    finally:
        for asker in askers:
            asker.stop.set()
        for thread in threads:
            thread.join()
        other.store.dispose()


def never_allowed_after(company: Company, who: str, action: str, revoke: Callable[[], object]) -> None:
    with asking(company, who, action) as askers:
        until(lambda: all(asker.answers for asker in askers), what="that everybody asked")
        revoke()
        acknowledged = time.monotonic()
        until(lambda: all(asker.asked_after(acknowledged) for asker in askers), what="that everybody asked again")
    for asker in askers:
        assert any(allowed for begun, allowed in asker.answers if begun < acknowledged), "it was allowed before"
        assert not any(asker.asked_after(acknowledged))


@pytest.mark.req("ID1", "ID3")
def test_nothing_asked_after_an_activation_is_answered_by_the_policies_before(company: Company) -> None:
    in_force(company, NOTHING, case_of("app.kill", "allow"))
    never_allowed_after(company, "admin", "app.kill", lambda: in_force(company))


@pytest.mark.req("ID1", "ID3")
def test_nothing_asked_after_a_role_was_taken_is_allowed_by_it(company: Company) -> None:
    identity, admin = company.control.identity, company.people["admin"]
    identity.roles.assign(admin, "builder", "user:user@example.com", "folder:finance")
    never_allowed_after(
        company,
        "user",
        "app.push",
        lambda: identity.roles.remove(admin, "builder", "user:user@example.com", "folder:finance", "moved"),
    )
