"""Messages to webhooks of chats: HTTPS without redirects, to a URL that only the vault knows."""

import json
from typing import Any
from urllib.parse import urlsplit

from bailiwick.control.exporters import DeliveryError, HttpSender
from bailiwick.control.notice_settings import LOOPBACK
from bailiwick.control.notices.errors import NoticeError
from bailiwick.core.errors import InvalidInputError

_TOO_MANY = 429


def require_address(url: str, *, on_loopback: bool) -> None:
    """Return when a URL is one that a webhook may have; raise `InvalidInputError`, which does not repeat it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = parts.scheme == "http" and on_loopback and host in LOOPBACK
    if not host or parts.username or parts.password or not (parts.scheme == "https" or plain):
        raise InvalidInputError(
            "the secret holds no URL that a webhook may have",
            hint="store an https URL without a user name: bailiwick secret put NAME",
        )


def post(sender: HttpSender, url: str, message: dict[str, Any]) -> None:
    """Post a message; raise `NoticeError` unless the chat says that it took it."""
    try:
        answer = sender.send("POST", url, json.dumps(message).encode(), {"content-type": "application/json"})
    except DeliveryError as fault:
        raise NoticeError(fault.message) from fault
    if 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110, 15.3
        return
    if 300 <= answer.status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
        raise NoticeError("the chat redirects, and redirects are not followed: store the URL that it leads to")
    gone = 400 <= answer.status < 500 and answer.status != _TOO_MANY  # noqa: PLR2004 - RFC 9110, 15.5
    raise NoticeError(f"the chat did not take the message (status {answer.status})", for_good=gone)
