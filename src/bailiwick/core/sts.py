"""Keys of a role of AWS that end soon: how they are asked for, and what comes back (AWS Security Token Service).

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from bailiwick.core.errors import UnavailableError
from bailiwick.core.messages import AwsRole
from bailiwick.core.oauth import MOST_ANSWER_BYTES, AssertionClaims, signed_assertion
from bailiwick.core.sigv4 import Signer, amz_date, content_hash

_VERSION, _SERVICE = "2011-06-15", "sts"
_FORM = "application/x-www-form-urlencoded"
_OK = 200
# What is wrong with what was shown, rather than with the role.
OF_THE_SECRET = frozenset({"InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidIdentityToken"})
_SESSION_LENGTH = 64
_OUTSIDE_A_NAME = re.compile(r"[^A-Za-z0-9_+=,.@-]")
# The answer is read without a reader of XML: four texts of few characters, each of which may be there once.
_VALUES = {
    "AccessKeyId": rb"[A-Z0-9]{16,128}",
    "SecretAccessKey": rb"[A-Za-z0-9/+=]{16,256}",
    "SessionToken": rb"[A-Za-z0-9/+=_.-]{16,16384}",
    "Expiration": rb"[0-9TZ:.+-]{16,40}",
}
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")


class RoleNotAssumedError(UnavailableError):
    """AWS gave no keys of a role; the words hold nothing of what it said but its own code of the error."""

    code = "aws.role-not-assumed"

    def __init__(self, words: str, *, error: str = "") -> None:
        """Take what is wrong, behind "the token service of AWS", and the code that it answered with."""
        super().__init__(f"the token service of AWS {words}", hint="see that the role trusts this caller")
        self.error = error


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """Keys of a role, and for how many seconds they are good."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for keys: a form as it is sent, and its headers."""

    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def session_name(person: str, actor: str) -> str:
    """Return the name of a session, which the log of AWS shows with every call: a person, and who acts for them.

    Characters that it may not have become `-`; what is too long is cut.
    """
    words = ",".join(part.partition(":")[2] or part for part in (person, actor) if part) or "bailiwick"
    return _OUTSIDE_A_NAME.sub("-", words)[:_SESSION_LENGTH].ljust(2, "-")


def asking(role: AwsRole, secret: str, session: str, now: datetime) -> Asking:
    """Return what asks for keys of a role: signed with an access key, or with our word about who we are in it."""
    form = {
        "Action": "AssumeRole",
        "Version": _VERSION,
        "RoleArn": role.role,
        "RoleSessionName": session,
        "DurationSeconds": str(role.seconds),
    }
    if role.issuer:
        claims = AssertionClaims(role.issuer, role.subject, role.audience)
        token = signed_assertion(secret, claims, key_id=role.key_id, now=now, name=role.secret)
        form |= {"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": token}
        return Asking(urlencode(form).encode(), {"content-type": _FORM})
    if role.external_id:
        form["ExternalId"] = role.external_id
    body = urlencode(form).encode()
    return Asking(body, _signed(role, secret, body, now))


def read_keys(status: int, content: bytes, now: datetime) -> RoleKeys:
    """Return the keys in an answer; raise `RoleNotAssumedError` for one that has none."""
    if status != _OK:
        code = _CODE.search(content[:MOST_ANSWER_BYTES])
        error = code.group(1).decode() if code else ""
        raise RoleNotAssumedError(f"answers with status {status}" + (f" ({error})" if error else ""), error=error)
    found = {name: _value(content, name, form) for name, form in _VALUES.items()}
    try:
        ends = datetime.fromisoformat(found["Expiration"])
        seconds = (ends - now).total_seconds()
    except (ValueError, TypeError):
        raise RoleNotAssumedError("does not say until when its keys are good") from None
    if seconds <= 0:
        raise RoleNotAssumedError("gives keys that have ended: a clock is wrong")
    return RoleKeys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], seconds)


def _value(content: bytes, name: str, form: bytes) -> str:
    tag = name.encode()
    values = re.findall(rb"<%b>\s*(%b)\s*</%b>" % (tag, form, tag), content)
    if len(values) != 1:
        raise RoleNotAssumedError("does not answer with keys")
    return bytes(values[0]).decode()


def _signed(role: AwsRole, secret: str, body: bytes, now: datetime) -> dict[str, str]:
    parts = urlsplit(role.endpoint)
    headers = {"host": parts.netloc, "content-type": _FORM, "x-amz-date": amz_date(now)}
    signer = Signer(role.access_key_id, SecretStr(secret), role.region, _SERVICE)
    value = signer.authorization("POST", parts.path or "/", headers, content_hash(body), now)
    return {**headers, "authorization": value}
