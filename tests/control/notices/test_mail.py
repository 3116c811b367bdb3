"""Mail over TLS with a password, and each way in which that fails, in words without the password."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from bailiwick.control.notice_settings import SmtpOptions
from bailiwick.control.notices import NoticeError
from bailiwick.control.notices.mail import connected, message_of
from bailiwick.control.notices.model import Channel, Content, Notice, NoticeState
from bailiwick.control.notices.words import chat_message
from bailiwick.control.vault import SecretFrom
from bailiwick.core.clock import utc_now
from tests.control.exporters.certificates import Certificates
from tests.fixtures.post_office import PostOffice

PASSWORD = "correct horse"


def notice(**content: Any) -> Notice:
    now = utc_now()
    said = {"app": "finance/desk", "asked_by": "user:b@example.com", "first_deploy": False, "added": ()} | content
    return Notice(
        "ntc_1", Channel.MAIL, "user:a@example.com", "a@example.com", "dep_1", Content(**said), "t", "r",
        NoticeState.WAITING, 0, now, "", now, None, now, None, "",
    )  # fmt: skip


@pytest.fixture
def demanding(post_office: PostOffice, tmp_path: Path) -> tuple[PostOffice, Path]:
    """Return a server that wants STARTTLS and a password, and the authority of its certificate."""
    certificates = Certificates(tmp_path / "tls")
    post_office.close()
    post_office.demand(*certificates.issue("localhost"), PASSWORD)
    return post_office, certificates.ca


def send(office: PostOffice, password: str = PASSWORD, **options: Any) -> None:
    chosen = {"host": "localhost", "username": "bailiwick", "password": SecretFrom(vault="smtp"), **options}
    smtp = SmtpOptions(port=office.port, sender="bw@example.com", **chosen)
    with connected(smtp, lambda _: SecretStr(password)) as server:
        server.send(notice(), "https://bailiwick/decide/x", "https://bailiwick/notices")


@pytest.mark.req("DG2")
def test_mail_goes_over_starttls_with_the_password_of_the_vault(demanding: tuple[PostOffice, Path]) -> None:
    office, ca = demanding
    send(office, ca=ca)
    assert office.recipients == ["a@example.com"]


@pytest.mark.req("DG2")
def test_each_fault_of_a_mail_server_is_said_without_the_password(demanding: tuple[PostOffice, Path]) -> None:
    office, ca = demanding
    faults = {
        "refuses our name or password": lambda: send(office, "wrong horse", ca=ca),
        "self-signed certificate|unable to get local issuer": lambda: send(office),
        "mismatch|doesn't match|not valid for": lambda: send(office, ca=ca, host="127.0.0.1"),
        "no connection": lambda: send(office, ca=ca, security="tls"),
    }
    for words, fail in faults.items():
        with pytest.raises(NoticeError, match=words) as refused:
            fail()
        assert "horse" not in f"{refused.value!r} {refused.value.hint}"
        assert not refused.value.for_good
    office.close()
    office.open()
    with pytest.raises(NoticeError, match="no STARTTLS"):
        send(office, ca=ca)


@pytest.mark.req("DG2")
def test_a_server_elsewhere_is_never_spoken_to_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="this machine only"):
        SmtpOptions(host="mail.example.com", security="none", sender="bw@example.com")
    with pytest.raises(ValidationError, match="belong together"):
        SmtpOptions(host="mail.example.com", username="bw", sender="bw@example.com")
    for sender in ("nobody", "a@b\nBcc: c@example.com", "@example.com"):
        with pytest.raises(ValidationError, match="e-mail address"):
            SmtpOptions(host="mail.example.com", sender=sender)


@pytest.mark.req("DG2")
def test_what_an_app_says_of_itself_cannot_add_lines_headers_links_or_hidden_text() -> None:
    hostile = notice(
        app="finance/desk\r\nBcc: x@example.com", added=("hosts\u202eevil\n\n<!channel> <http://evil|Approve>",)
    )
    message = message_of(hostile, "bw@example.com", "L", "C")
    assert message["Bcc"] is None
    text = message.get_content()
    assert "\u202e" not in text
    assert "  + hosts evil <!channel>" in text
    said = chat_message(hostile, "https://bailiwick/approvals/dep_1")["text"]
    assert "<!channel>" not in said
    assert said.count("<") == 1
