"""What is shown to a service of who calls: the same header in each call, or one that is made for the very call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, unquote

from bailiwick.core.clock import Clock
from bailiwick.core.oauth import dpop
from bailiwick.core.sigv4 import (
    UNSIGNED,
    Signer,
    amz_date,
    canonical_path,
    canonical_query,
    content_hash,
    signed_headers,
)

Headers = Sequence[tuple[bytes, bytes]]
_SESSION_HEADER = "x-amz-security-token"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call as it leaves: `target` is path and query, `body` None where it is sent as it comes."""

    method: str
    target: str
    headers: Headers
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A header that says who calls, and the values in it that no answer may repeat.

    `sign` makes the headers of a call instead, where each has its own, and `more` are those beside `name`; `rewrite`
    writes path and query in the form that is signed.
    """

    name: bytes
    value: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    sign: Callable[[Outgoing], Headers] | None = field(default=None, repr=False)
    more: frozenset[bytes] = frozenset()
    rewrite: Callable[[str], str] | None = None

    @property
    def names(self) -> frozenset[bytes]:
        """The headers that no app may write."""
        return self.more | {self.name}

    def target(self, target: str) -> str:
        """Return path and query as the call goes out."""
        return self.rewrite(target) if self.rewrite is not None else target

    def headers(self, call: Outgoing) -> Headers:
        """Return what a call shows."""
        return self.sign(call) if self.sign is not None else [(self.name, self.value)]


def bearer(token: str) -> Shown:
    """Return how a token is shown (RFC 6750 section 2.1)."""
    return Shown(b"authorization", b"Bearer " + token.encode(), (token,))


def bound_token(token: str, key: str, scheme: str, nonce: str, clock: Clock) -> Shown:
    """Return how a token that is bound to a key is shown, with a proof for each call (RFC 9449 section 7.1)."""

    def sign(call: Outgoing) -> Headers:
        host = next(value.decode() for name, value in call.headers if name == b"host")
        url = f"{scheme}://{host}{call.target}"
        proof = dpop.dpop_proof(key, call.method, url, clock(), token=token, nonce=nonce)
        return [(b"authorization", b"DPoP " + token.encode()), (dpop.HEADER.encode(), proof.encode())]

    return Shown(b"authorization", b"", (token,), sign, frozenset({dpop.HEADER.encode()}))


def aws_signature(signer: Signer, clock: Clock, token: str = "") -> Shown:
    """Return what signs each call with a key of AWS; `token` goes with one that ends soon."""
    along = {_SESSION_HEADER: token} if token else {}

    def sign(call: Outgoing) -> Headers:
        return _signed(signer, call, clock(), along)

    names = frozenset({b"x-amz-date", b"x-amz-content-sha256", _SESSION_HEADER.encode()})
    secrets = (signer.secret_access_key.get_secret_value(), *along.values())
    return Shown(b"authorization", b"", secrets, sign, names, _canonical)


def _canonical(target: str) -> str:
    """Return path and query encoded as they are signed: some servers sign what they got, and not what it means."""
    path, _, query = target.partition("?")
    path = canonical_path(unquote(path), "s3")
    return f"{path}?{canonical_query(parse_qsl(query, keep_blank_values=True))}" if query else path


def _signed(signer: Signer, call: Outgoing, now: datetime, along: Mapping[str, str]) -> Headers:
    path, _, query = call.target.partition("?")
    body_hash = content_hash(call.body) if call.body is not None else UNSIGNED
    known = {name.decode(): value.decode("latin-1") for name, value in call.headers}
    own = {"x-amz-date": amz_date(now), "x-amz-content-sha256": body_hash, **along}
    headers = signed_headers(known) | own
    value = signer.authorization(
        call.method,
        canonical_path(unquote(path), signer.service),
        headers,
        body_hash,
        now,
        canonical_query(parse_qsl(query, keep_blank_values=True)),
    )
    return [(b"authorization", value.encode()), *((name.encode(), said.encode()) for name, said in own.items())]
