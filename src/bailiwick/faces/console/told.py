"""What a page tells once of what was just done, and how it is undone: kept by the browser, signed with the session.

Apps may live below the same domain and set cookies there: what is not signed with the visitor's own secret is not
shown.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from bailiwick.control.identity import SignedIn

COOKIE = "bailiwick_told"
_SECONDS = 30
_MOST = 3000


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence; `undo` is the address of the form that takes it back, with its fields, empty where nothing does."""

    words: str
    undo: str = ""
    fields: Sequence[tuple[str, str]] = ()


def tell(response: Response, visitor: SignedIn, told: Told, *, secure: bool) -> None:
    """Have the next page tell this."""
    body = base64.urlsafe_b64encode(json.dumps([told.words, told.undo, list(told.fields)]).encode()).decode()
    if len(body) > _MOST:  # a cookie that is too long is dropped whole: without the way back, the words are left
        body = base64.urlsafe_b64encode(json.dumps([told.words[:200], "", []]).encode()).decode()
    response.set_cookie(
        COOKIE, f"{body}.{_seal(visitor, body)}", max_age=_SECONDS, httponly=True, samesite="strict", secure=secure
    )


def heard(request: Request, visitor: SignedIn) -> Told | None:
    """Return what the page is to tell, if anything."""
    body, _, seal = request.cookies.get(COOKIE, "").rpartition(".")
    if not body or not hmac.compare_digest(seal.encode(), _seal(visitor, body).encode()):
        return None
    try:
        words, undo, fields = json.loads(base64.urlsafe_b64decode(body))
    except (ValueError, binascii.Error):
        return None
    return Told(str(words), str(undo), tuple((str(name), str(value)) for name, value in fields))


def _seal(visitor: SignedIn, body: str) -> str:
    return hmac.new(visitor.csrf_token.encode(), f"told\n{body}".encode(), hashlib.sha256).hexdigest()
