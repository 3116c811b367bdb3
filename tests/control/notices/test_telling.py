"""Who is told of a deploy that waits, what they read, and what happens when mail and chat do not answer."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import text

from bailiwick.control.identity import Claims
from bailiwick.control.notices import Notice
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.control.exporters.http_receiver import HttpReceiver, answer
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.post_office import PostOffice
from tests.fixtures.releasing import deployed

from .conftest import ask, hear, switch_off


def notices(company: Company, state: str = "") -> list[Notice]:
    with company.control.store.transaction() as session:
        return company.control.notices.notices(session, company.people["admin"], state)


@pytest.mark.req("DG2")
def test_exactly_those_who_may_decide_get_mail_with_what_is_new(company: Company, post_office: PostOffice) -> None:
    control, people = company.control, company.people
    control.identity.remember_person(Claims("", "", "gone@example.com", "Gone", ("security",), {}))
    switch_off(company, "gone")
    first = ask(company)
    control.notice_keeper.send_mail()
    # The first deploy is for administrators: not for the approver, the builder who asks, or whoever left.
    assert post_office.recipients == ["admin@example.com", "security@example.com"]
    assert ("notice.queued", "service:notices") in company.actions()
    control.deploys.approve(people["admin"], first, "fine")
    # Whoever wrote some of it is not asked, although they may approve what others write.
    control.identity.roles.assign(people["admin"], "approver", "user:second@example.com", f"app:{APP}")
    assert company.push("second").accepted
    control.notices.choose_mail(people["security"], mail=False)
    post_office.arrived.clear()
    wider = MANIFEST + '\n[egress]\nallow = ["rates.example.net:443"]\n'
    ask(company, **{"bailiwick.toml": wider})
    control.notice_keeper.send_mail()
    assert post_office.recipients == ["admin@example.com", "approver@example.com"]
    text = post_office.text_for("approver@example.com")
    assert f"user:builder@example.com asks to bring {APP} to production." in text
    assert "+ may open connections to rates.example.net" in text
    assert "orders" not in text.partition("New in its reach")[2].partition("Look at it")[0]
    assert "http://127.0.0.1:8400/decide/" in text
    tos, mail = post_office.arrived[0]
    assert len(tos) == 1
    assert mail["Subject"] == f"{APP} waits for your approval"
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.req("DG2")
def test_a_mail_server_that_is_away_fails_no_deploy_and_loses_no_mail(
    company: Company, post_office: PostOffice, clock: MovingClock
) -> None:
    post_office.close()
    deploy = ask(company)
    company.control.notice_keeper.send_mail()
    waiting = notices(company, "waiting")
    assert [item.attempts for item in waiting] == [1, 1]
    assert "no connection to the mail server 127.0.0.1" in waiting[0].last_error
    post_office.open()
    company.control.notice_keeper.send_mail()
    assert post_office.arrived == []  # not before its time
    clock.move(minutes=1)
    company.control.notice_keeper.send_mail()
    company.control.notice_keeper.send_mail()
    assert post_office.recipients == ["admin@example.com", "security@example.com"]
    assert {item.state.value for item in notices(company)} == {"sent"}
    assert ("notice.sent", "service:notices") in company.actions()
    assert company.control.deploys.approve(company.people["admin"], deploy, "fine").release


@pytest.mark.req("DG2")
def test_what_cannot_be_sent_is_given_up_in_words_and_sent_again_when_asked(
    company: Company, post_office: PostOffice, clock: MovingClock
) -> None:
    control, people = company.control, company.people
    post_office.refused.add("security@example.com")
    ask(company)
    control.notice_keeper.send_mail()
    (given_up,) = notices(company, "given-up")
    assert given_up.last_error == "the mail server does not take mail for this address (status 550)"
    assert ("notice.given-up", "service:notices") in company.actions()
    post_office.refused.clear()
    with pytest.raises(ForbiddenError):
        control.notices.retry(people["security"], given_up.id)
    control.notices.retry(people["admin"], given_up.id)
    control.notice_keeper.send_mail()
    assert post_office.recipients == ["admin@example.com", "security@example.com"]
    # One that is never taken is given up after a day.
    post_office.close()
    ask(company)
    control.notice_keeper.send_mail()
    clock.move(hours=25)
    control.notice_keeper.send_mail()
    assert len(notices(company, "given-up")) == 2


@pytest.mark.req("DG2")
def test_a_crash_between_row_and_mail_sends_it_once_or_again_but_never_loses_it(
    company: Company, post_office: PostOffice, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = company.control.notice_keeper
    company.control.notices.choose_mail(company.people["security"], mail=False)
    ask(company)

    def crashing(before: Callable[..., None] | None) -> Callable[..., None]:
        def crash(*arguments: object) -> None:
            if before is not None:
                before(*arguments)
            raise KeyboardInterrupt

        return crash

    from bailiwick.control.notices.mail import Post

    with monkeypatch.context() as patched:
        patched.setattr(Post, "send", crashing(None))
        with pytest.raises(KeyboardInterrupt):
            keeper.send_mail()
    keeper.send_mail()
    assert post_office.arrived == []  # somebody else may be at it still
    clock.move(minutes=11)
    send = Post.send
    with monkeypatch.context() as patched:
        patched.setattr(Post, "send", crashing(send))
        with pytest.raises(KeyboardInterrupt):
            keeper.send_mail()
    clock.move(minutes=11)
    keeper.send_mail()
    clock.move(minutes=11)
    keeper.send_mail()
    first, again = post_office.arrived
    assert first[1]["Message-ID"] == again[1]["Message-ID"]
    assert first[1].get_content() == again[1].get_content()


@pytest.mark.req("DG2")
def test_nobody_is_told_of_what_is_decided_already(company: Company, post_office: PostOffice) -> None:
    ask(company)
    deployed(company)
    company.control.notice_keeper.send_mail()
    assert post_office.arrived == []
    assert {item.state.value for item in notices(company)} == {"withdrawn"}


@pytest.mark.req("DG2")
def test_a_chat_of_the_folder_hears_of_it_by_a_link_that_is_nobodys(
    company: Company, chat: HttpReceiver, post_office: PostOffice, clock: MovingClock
) -> None:
    control, people = company.control, company.people
    hear(company, chat)
    control.catalog.create_folder(people["admin"], "sales")
    control.notices.add_hook(people["admin"], "sales-room", "chat-url", "sales")
    deploy = ask(company)
    control.notice_keeper.send_chat()
    (sent,) = chat.sent
    text = json.loads(sent.body)["text"]
    assert f"*{APP}* waits for a decision: user:builder@example.com" in text
    assert f"<http://127.0.0.1:8400/approvals/{deploy}|" in text
    assert "/decide/" not in text
    # It moved: we do not follow, and say so without the secret that is in its address.
    chat.answers = answer(302, location="http://127.0.0.1:1/")
    ask(company)
    control.notice_keeper.send_chat()
    (waiting,) = [item for item in notices(company, "waiting") if item.channel.value == "chat"]
    assert "redirects are not followed" in waiting.last_error
    chat.answers = answer(404)
    clock.move(minutes=1)
    control.notice_keeper.send_chat()
    (given_up,) = notices(company, "given-up")
    assert given_up.last_error == "the chat did not take the message (status 404)"
    assert "T0PSECRET" not in repr(notices(company))
    control.notices.remove_hook(people["admin"], "room", "the room is gone")
    assert ("notice.chat-removed", "user:admin@example.com") in company.actions()


@pytest.mark.req("DG2")
def test_webhooks_are_named_by_administrators_and_lead_where_they_may(company: Company, chat: HttpReceiver) -> None:
    control, people = company.control, company.people
    with control.store.transaction() as session:
        for name, url in {
            "plain": "http://chat.example.com/x",
            "named": "https://user:pw@chat.example.com/x",
            "odd": "https://[::1/x",
            "nothing": "T0PSECRET",
        }.items():
            control.vault.put(session, name, url, by="user:admin@example.com")
    for name in ("plain", "named", "odd", "nothing"):
        with pytest.raises(InvalidInputError, match="no URL that a webhook may have") as refused:
            control.notices.add_hook(people["admin"], "room", name)
        assert "T0PSECRET" not in f"{refused.value!r} {refused.value.hint}"
    with pytest.raises(NotFoundError):
        control.notices.add_hook(people["admin"], "room", "not-there")
    with pytest.raises(NotFoundError, match="no folder"):
        control.notices.add_hook(people["admin"], "room", "plain", "nowhere")
    with pytest.raises(ForbiddenError):
        control.notices.add_hook(people["approver"], "room", "plain")
    with pytest.raises(InvalidInputError):
        control.notices.add_hook(people["admin"], "Room!", "plain")


@pytest.mark.req("DG2")
def test_one_that_cannot_be_written_holds_up_no_other_and_old_ones_are_forgotten(
    company: Company, post_office: PostOffice, clock: MovingClock
) -> None:
    control = company.control
    ask(company)
    with control.store.transaction() as session:
        session.execute(
            text("UPDATE notices SET target = E'admin@example.com\\nBcc: x@example.com' WHERE person ~ 'admin'")
        )
    control.notice_keeper.send_mail()
    assert post_office.recipients == ["security@example.com"]
    (waiting,) = notices(company, "waiting")
    assert "a fault of ours" in waiting.last_error
    clock.move(days=91)
    control.notice_keeper.forget()
    assert [item.state.value for item in notices(company)] == ["waiting"]
