"""A company with a mail server, and a clock that moves."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from bailiwick.control.notice_settings import NoticeSettings, SmtpOptions
from tests.control.exporters.http_receiver import HttpReceiver, listening
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.post_office import PostOffice


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def more_settings(post_office: PostOffice) -> dict[str, Any]:
    smtp = SmtpOptions(host="127.0.0.1", port=post_office.port, security="none", sender="Bailiwick <bw@example.com>")
    return {"notices": NoticeSettings(smtp=smtp, chat_on_loopback=True)}


@pytest.fixture
def chat() -> Iterator[HttpReceiver]:
    with listening() as started:
        yield started


def ask(company: Company, **files: str) -> str:
    """Push a change, ask for its deploy, and return the deploy's id."""
    assert company.push("builder", files).accepted
    return company.control.deploys.request(company.people["builder"], APP).id


def hear(company: Company, chat: HttpReceiver, folder: str = "finance") -> None:
    """Let a chat hear of what waits."""
    with company.control.store.transaction() as session:
        company.control.vault.put(session, "chat-url", f"{chat.url}/hook/T0PSECRET", by="user:admin@example.com")
    company.control.notices.add_hook(company.people["admin"], "room", "chat-url", folder)


def switch_off(company: Company, who: str) -> None:
    """Switch somebody off, as a directory does with whoever leaves."""
    with company.control.store.transaction() as session:
        session.execute(text("UPDATE people SET active = false WHERE email = :email"), {"email": f"{who}@example.com"})
