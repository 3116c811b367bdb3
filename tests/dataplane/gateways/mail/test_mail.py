"""Mail from an app: no credential in it, nobody's name but those that were opened, and each message once or not."""

import smtplib
import socket
import threading
from email.message import EmailMessage

import pytest

from bailiwick.core.events import Outcome
from bailiwick.core.grants import MailGrant
from bailiwick.core.messages import BasicPassword, MailConnection
from bailiwick.core.policy import Decision
from tests.dataplane.gateways.mail.conftest import EVE, PASSWORD, TRACE, TRACEPARENT, House, letter
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("IN1", "IN3", "IN9")


def refused(house: House, message: EmailMessage, trace: str = TRACEPARENT) -> tuple[int, str]:
    """Return the code and the words with which a message was refused, whichever command they came for."""
    with pytest.raises((smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)) as fault:
        house.send(message, trace)
    if isinstance(fault.value, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(fault.value.recipients.values()))
    else:
        code, words = fault.value.smtp_code, fault.value.smtp_error
    return code, words.decode() if isinstance(words, bytes) else words


def raw(house: House, *lines: bytes) -> bytes:
    """Send lines as they are, and return all that is answered until the gateway ends it."""
    with socket.create_connection(("127.0.0.1", house.port), timeout=20) as client:
        client.sendall(b"".join(lines))
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


def test_a_message_goes_with_the_platforms_credential_for_the_person_served(house: House) -> None:
    message = letter(to="ann@example.com, box@partner.example", text="One.\n.dot\n..dots\n")
    message["X-Bailiwick-User"] = "the boss"
    house.send(message)
    [(recipients, arrived)] = house.office.arrived
    assert recipients == ["ann@example.com", "box@partner.example"]
    assert (arrived["From"], arrived.get_content()) == ("billing@example.com", "One.\r\n.dot\r\n..dots\r\n")
    assert "X-Bailiwick-User" not in arrived and "traceparent" not in str(arrived).lower()
    told = house.told()
    assert (told.action, told.outcome, told.actor, told.trace) == (
        "mail.sent",
        Outcome.SUCCESS,
        str(EVE.principal),
        TRACE,
    )
    assert told.context["recipients"] == ("ann@example.com", "box@partner.example")
    assert (told.context["message_id"], told.context["sender"]) == ("<1@example.com>", "billing@example.com")
    assert "invoice" not in str(told) and PASSWORD not in str(told)


def test_a_message_may_carry_its_trace_itself_and_without_one_is_the_apps(house: House) -> None:
    message = letter()
    message["Traceparent"] = TRACEPARENT
    house.send(message, trace="")
    assert house.told().actor == str(EVE.principal)
    assert "traceparent" not in str(house.office.arrived[0][1]).lower()
    house.send(letter(), trace="")
    assert house.told().actor == "app:finance/desk"
    other = f"00-{'f' * 32}-b7ad6b7169203331-01"
    code, words = refused(house, letter(), other)
    assert (code, "belongs to no request in flight" in words) == (550, True)
    assert len(house.office.arrived) == 2


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (letter(sender="ceo@example.com"), "no access opens mail as ceo@example.com"),
        (letter(to="eve@elsewhere.example"), "no access opens mail to eve@elsewhere.example"),
        (letter(to="ann@example.com.elsewhere.example"), "no access opens mail to ann@example.com.elsewhere"),
        (letter(to="x@sub.example.com"), "no access opens mail to x@sub.example.com"),
        (letter(sender="news@example.com", text="long\n" * 1000), "larger than 4096 bytes"),
    ],
    ids=["sender", "recipient", "longer-domain", "subdomain", "too-large"],
)
def test_what_no_access_opens_does_not_leave(house: House, message: EmailMessage, words: str) -> None:
    assert words in refused(house, message)[1]
    assert house.office.arrived == []
    assert (house.told().action, house.told().outcome) == ("mail.refused", Outcome.REFUSED)


@pytest.mark.parametrize(
    "head",
    [
        b"From: ceo@example.com\r\n",
        b"From: billing@example.com, ceo@example.com\r\n",
        b"From: billing@example.com\r\nFrom: ceo@example.com\r\n",
        b"From: billing@example.com\r\nSender: ceo@example.com\r\n",
        b'From: "billing@example.com" <ceo@example.com>\r\n',
        b"From: =?utf-8?q?billing=40example.com?= <ceo@example.com>\r\n",
        b"From:\r\n ceo@example.com\r\n",
        b"from : ceo@example.com\r\nFrom: billing@example.com\r\n",
        b"Subject: nobody\r\n",
        b"From: billing@example.com, <\r\n",
        b"From: undisclosed:;\r\n",
    ],
    ids=["other", "two", "twice", "sender", "shown", "encoded", "folded", "spaced", "none", "broken", "nobody"],
)
def test_nobody_is_named_as_the_sender_whom_no_access_opens(house: House, head: bytes) -> None:
    with house.client() as client, pytest.raises(smtplib.SMTPDataError) as fault:
        client.sendmail("billing@example.com", ["ann@example.com"], head + b"\r\nHello.\r\n")
    assert fault.value.smtp_code in {550, 554}
    assert house.office.arrived == []
    assert house.told().action == "mail.refused"


@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n\0.\r\n"],
    ids=["lf-lf", "crlf-lf", "lf-crlf", "cr-cr", "cr-crlf", "crlf-cr", "nul"],
)
def test_a_message_that_could_end_in_two_places_ends_the_session(house: House, end: bytes) -> None:
    second = b"MAIL FROM:<news@example.com>\r\nRCPT TO:<all@elsewhere.example>\r\nDATA\r\n"
    second += b"From: news@example.com\r\n\r\nSmuggled.\r\n.\r\n"
    answer = raw(
        house, b"EHLO app\r\nMAIL FROM:<billing@example.com>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n",
        b"From: billing@example.com\r\n\r\nHello.", end, second, b"QUIT\r\n",
    )  # fmt: skip
    assert b"500 5.5.2" in answer and b"sent on" not in answer
    assert house.office.arrived == []


def test_who_is_one_too_many_is_refused_by_name(house: House) -> None:
    with house.client() as client:
        refused = client.send_message(letter(to="a@example.com,b@example.com,c@example.com,d@example.com"))
    assert refused.keys() == {"d@example.com"} and b"3 recipients at most" in refused["d@example.com"][1]
    assert house.office.recipients == ["a@example.com", "b@example.com", "c@example.com"]


def test_all_recipients_get_it_or_none(house: House) -> None:
    house.office.refused.add("bob@example.com")
    code, words = refused(house, letter(to="ann@example.com, bob@example.com"))
    assert (code, "bob@example.com: the mail server says: 5.1.1 nobody here is called that" in words) == (550, True)
    assert house.office.arrived == []
    assert house.told().outcome is Outcome.FAILED
    house.office.refused.clear()
    house.send(letter(to="ann@example.com, bob@example.com"))
    assert house.office.recipients == ["ann@example.com", "bob@example.com"]


def test_what_policy_forbids_says_why(house: House) -> None:
    house.decision = Decision(False, "this integration is switched off: it leaks", ("integration-off",))
    code, words = refused(house, letter())
    assert (code, "switched off: it leaks" in words) == (550, True)
    assert house.told().deciders == ("integration-off",)
    house.connection, house.decision = None, Decision(True, "", ("as-granted",))
    assert "not there any more" in refused(house, letter())[1]
    assert house.office.arrived == []


def test_the_password_is_fetched_anew_when_it_is_not_taken_and_never_told(house: House) -> None:
    house.secrets["mail"] = "an-older-password"
    code, words = refused(house, letter())
    assert (code, "does not take the platform's credential" in words) == (451, True)
    house.secrets["mail"] = PASSWORD
    house.send(letter())
    assert house.fetched == ["mail", "mail"]
    assert len(house.office.arrived) == 1
    del house.secrets["mail"]
    said = words + str(house.events) + repr(house.gateway)
    assert PASSWORD not in said and "an-older-password" not in said


def test_a_mail_server_that_is_not_there_or_offers_no_tls_gets_no_password(house: House) -> None:
    house.office.close()
    assert refused(house, letter())[0] == 451
    house.office.open()  # at the same port, in clear
    code, words = refused(house, letter())
    assert (code, "does not speak as it should" in words) == (451, True)
    assert house.office.arrived == []
    assert house.told().outcome is Outcome.FAILED


def test_a_server_with_another_certificate_gets_no_password(house: House) -> None:
    assert house.connection is not None
    house.connection = house.connection.model_copy(update={"authority": ""})
    assert refused(house, letter())[0] == 451
    assert house.office.arrived == []


def test_libraries_that_sign_in_are_told_that_they_need_not(house: House) -> None:
    with house.client() as client:
        client.ehlo()
        assert not client.has_extn("auth") and not client.has_extn("starttls")
        assert b"leave out user and password" in client.docmd("AUTH", "PLAIN AGEAYg==")[1]
        assert client.verify("ann@example.com")[0] == 252
        assert client.docmd("TURN")[0] == 500
        assert client.docmd("RCPT", "TO:<ann@example.com>")[0] == 503
        assert client.docmd("MAIL", "FROM:<>")[0] == 501
        assert client.docmd("MAIL", "FROM:<billing@example.com> RET=HDRS")[0] == 555
        assert client.docmd("MAIL", "FROM:<@evil.example:billing@example.com>")[0] == 501
        client.sendmail("Billing@Example.com", ["ANN@example.com"], letter().as_string())
    assert house.office.recipients == ["ann@example.com"]


def test_what_is_under_way_ends_with_the_switch_and_with_its_person(house: House) -> None:
    held, go = threading.Event(), threading.Event()

    def slow(*_: object) -> str:
        held.set()
        go.wait(20)
        return "250 OK"

    async def hold(_server: object, _session: object, _envelope: object) -> str:
        return await house.office.controller.loop.run_in_executor(None, slow)

    house.office.handle_DATA = hold  # type: ignore[method-assign]
    for end in (
        lambda: house.gateway.end_using("post"),
        lambda: house.gateway.end_revoked({"user:eve@example.com": 1}),
    ):
        held.clear()
        go.clear()
        ended: list[Exception] = []

        def call(into: list[Exception] = ended) -> None:
            try:
                house.send(letter())
            except (OSError, smtplib.SMTPException) as fault:
                into.append(fault)

        thread = threading.Thread(target=call)
        thread.start()
        assert held.wait(10)
        house.loop.call_soon_threadsafe(end)
        thread.join(10)
        assert len(ended) == 1
        until(lambda: house.events and house.told().reason == "broken off: it may have been sent")
        go.set()
        house.events.clear()
    until(lambda: not house.gateway.under_way)


def test_garbage_is_answered_and_ends_in_time(house: House) -> None:
    assert b"500 5.5.2" in raw(house, b"\x16\x03\x01\n\r\n")
    assert b"500 5.5.2" in raw(house, b"A" * 5000)
    assert b"421 4.7.0" in raw(house, b"NONSENSE\r\n" * 50)
    until(lambda: not house.gateway.under_way)


@pytest.mark.parametrize(
    "given",
    [
        {"senders": ("*",), "recipients": ("*@example.com",)},
        {"senders": ("Billing@example.com",), "recipients": ("*@example.com",)},
        {"senders": ("*@*.example.com",), "recipients": ("*@example.com",)},
        {"senders": (), "recipients": ("*",)},
        {"senders": ("a b@example.com",), "recipients": ("*",)},
    ],
    ids=["anybody", "upper-case", "wild-domain", "nobody", "space"],
)
def test_a_grant_says_plainly_who_may_be_named(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"senders|mail comes from"):
        MailGrant.model_validate(given)


def test_a_password_goes_over_tls_only() -> None:
    with pytest.raises(ValueError, match="over TLS only"):
        MailConnection(
            kind="smtp", host="mail.example", security="none",
            credential=BasicPassword(kind="basic", user="bailiwick", secret="mail"),
        )  # fmt: skip
