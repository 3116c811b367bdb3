"""What the settings say of notices: the mail server, how long links are good, and where chat may be."""

from email.utils import parseaddr
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bailiwick.control.vault import SecretFrom

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmtpOptions(_Section):
    """The mail server that notices go to. `none` for `security` is for a server on this very machine only."""

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretFrom | None = None
    sender: str = Field(description="the From address: bailiwick@example.com, or Bailiwick <bailiwick@example.com>")
    ca: Path | None = None

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, sender: str) -> str:
        address = parseaddr(sender)[1]
        if not sender.isprintable() or address.count("@") != 1 or not all(address.split("@")) or " " in address:
            raise ValueError("must be an e-mail address")
        return sender

    @model_validator(mode="after")
    def _is_protected(self) -> Self:
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("security: none is for a mail server on this machine only: say starttls or tls")
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password belong together")
        return self


class NoticeSettings(_Section):
    """How people hear of what waits for them. Without `smtp` no mail is sent.

    `link_hours` is how long the link in a mail is good, `give_up_hours` how long sending is tried. `chat_on_loopback`
    lets webhooks of chats be plain HTTP on this very machine; elsewhere they are HTTPS. `pager_url` takes events as
    PagerDuty's Events API v2 does (in Europe https://events.eu.pagerduty.com/v2/enqueue).
    """

    smtp: SmtpOptions | None = None
    link_hours: int = Field(default=24, ge=1, le=168)
    give_up_hours: int = Field(default=24, ge=1, le=168)
    chat_on_loopback: bool = False
    pager_url: str = "https://events.pagerduty.com/v2/enqueue"

    @field_validator("pager_url")
    @classmethod
    def _is_protected(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
            return url
        raise ValueError("must be an https URL")
