"""Pauses of workers over a real control plane: who holds one, what is refused, and what planes get."""

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.pauses import NotPausedError, PausedAlreadyError, pauses_of
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.releasing import deployed

pytestmark = pytest.mark.req("RT7", "RT5")
WITH_WORKER = f'{MANIFEST}\n[workers.mail]\nrun = "app:app"\n'


def told(company: Company, plane: str = "production") -> dict[str, str]:
    (state,) = company.control.planes.desired_state(plane).apps
    return dict(state.paused)


def test_a_builder_holds_a_worker_in_one_mode_and_lets_it_go_on(company: Company) -> None:
    assert company.push("builder", {"bailiwick.toml": WITH_WORKER}).accepted
    deployed(company)
    service, builder = company.control.pauses, company.people["builder"]
    service.pause(builder, APP, "mail", " the bank is closed ", mode="production")
    assert told(company) == {"mail": f"paused by {builder.principal}: the bank is closed"}
    assert told(company, "editor") == {}
    with pytest.raises(PausedAlreadyError, match="is paused in production already"):
        service.pause(company.people["admin"], APP, "mail", "me too", mode="production")
    with company.control.store.transaction() as session:
        assert [(item.worker, item.reason) for item in pauses_of(session, APP)] == [("mail", "the bank is closed")]
    service.resume(company.people["admin"], APP, "mail", "it is open", mode="production")
    assert told(company) == {}
    with pytest.raises(NotPausedError, match="is not paused in production"):
        service.resume(builder, APP, "mail", "again", mode="production")
    with company.control.store.transaction() as session:
        for action, who, why in (
            ("worker.paused", builder, "the bank is closed"),
            ("worker.resumed", company.people["admin"], "it is open"),
        ):
            (found,) = search(session, AuditQuery(app=APP, action=action), limit=10).events
            assert (found.event.actor, found.event.reason) == (str(who.principal), why)
            assert found.event.context == {"worker": "mail", "mode": "production"}


def test_what_cannot_be_held_and_whoever_may_not_are_refused_in_words(company: Company) -> None:
    assert company.push("builder", {"bailiwick.toml": WITH_WORKER}).accepted
    service, builder = company.control.pauses, company.people["builder"]
    with pytest.raises(NotFoundError, match="is not in production"):
        service.pause(builder, APP, "mail", "x", mode="production")
    with pytest.raises(NotFoundError, match="has no worker 'post' in preview"):
        service.pause(builder, APP, "post", "x", mode="preview")
    with pytest.raises(InvalidInputError, match="reason"):
        service.pause(builder, APP, "mail", " ", mode="preview")
    for who in ("user", "approver"):
        with pytest.raises((ForbiddenError, NotFoundError)):
            service.pause(company.people[who], APP, "mail", "mine", mode="preview")
    service.pause(builder, APP, "mail", "x", mode="preview")
    with pytest.raises((ForbiddenError, NotFoundError)):
        service.resume(company.people["approver"], APP, "mail", "mine", mode="preview")
    assert list(told(company, "editor")) == ["mail"]
