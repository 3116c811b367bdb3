"""Roles of AWS that the gateway assumes: against a server that checks each signature and each session's token."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr, ValidationError

from bailiwick.core.messages import AwsRole, ServiceConnection
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.core.sigv4 import Signer, amz_date, content_hash
from bailiwick.core.sts import RoleNotAssumedError, read_keys, session_name
from tests.control.exporters.http_receiver import HttpReceiver, Sent, answer, listening
from tests.control.exporters.s3_server import S3, s3_server
from tests.dataplane.gateways.services.conftest import APP, TRACE, House

pytestmark = pytest.mark.req("IN1", "IN2", "IN3", "SE2")
ROLE = "arn:aws:iam::123456789012:role/lake-reader"
ADA_TRACE, AGENT_TRACE = "1" * 32, "2" * 32
_MAY = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "*"}
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """The server, where the user may do nothing but assume a role, and the role may read and write."""
    with s3_server(tmp_path_factory.mktemp("lake")) as started:
        iam = started._client("iam")
        httpx2.post(f"{started.url}/moto-api/reset-auth", content=b"1000").raise_for_status()
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
        iam.create_role(RoleName="lake-reader", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        policy = json.dumps({"Version": "2012-10-17", "Statement": [_MAY]})
        iam.put_role_policy(RoleName="lake-reader", PolicyName="lake", PolicyDocument=policy)
        only = {"Effect": "Allow", "Action": "sts:AssumeRole*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [only]})
        iam.put_user_policy(UserName="exporter", PolicyName="write", PolicyDocument=policy)
        httpx2.post(f"{started.url}/moto-api/reset-auth", content=b"0").raise_for_status()
        yield started


class Sts:
    """What stands before the server: keeps what was asked for, and trusts the word of one issuer, as an identity
    provider of AWS does.
    """

    def __init__(self, receiver: HttpReceiver, lake: S3) -> None:
        self._lake = lake
        self.url = receiver.url
        self.forms: list[dict[str, str]] = []
        self.instead: Any = None
        receiver.answers = self.answers

    @property
    def sessions(self) -> list[str]:
        return [form["RoleSessionName"] for form in self.forms]

    def answers(self, handler: BaseHTTPRequestHandler, sent: Sent) -> None:
        form = {name: values[0] for name, values in parse_qs(sent.body.decode()).items()}
        self.forms.append(form)
        if self.instead is not None:
            return answer(*self.instead)(handler, sent)
        if form["Action"] == "AssumeRoleWithWebIdentity" and not self._trusts(form["WebIdentityToken"]):
            return answer(400, b"<Error><Code>InvalidIdentityToken</Code></Error>")(handler, sent)
        signed = {name: value for name, value in sent.headers.items() if name in {"authorization", "x-amz-date"}}
        if form["Action"] == "AssumeRoleWithWebIdentity":
            assert (
                not signed
            )  # AWS asks for the word alone; the server behind this one wants a signature for everything
            signed = self._signed(sent)
        passed = {"content-type": sent.headers["content-type"], "host": sent.headers["host"], **signed}
        got = httpx2.post(self._lake.url, content=sent.body, headers=passed)
        return answer(got.status_code, got.content)(handler, sent)

    def _signed(self, sent: Sent) -> dict[str, str]:
        now = datetime.now(UTC)
        headers = {"host": sent.headers["host"], "x-amz-date": amz_date(now)}
        signer = Signer(self._lake.access_key_id, SecretStr(self._lake.secret_access_key), "us-east-1", "sts")
        value = signer.authorization("POST", "/", headers, content_hash(sent.body), now)
        return {**headers, "authorization": value}

    @staticmethod
    def _trusts(token: str) -> bool:
        said = jwt.decode(token, ECKey.import_key(KEY.public_key()), algorithms=["ES256"])
        now = datetime.now(UTC).timestamp()
        claims = said.claims
        return bool(
            claims["iss"] == "https://bailiwick.example"
            and (claims["sub"], claims["aud"]) == ("bailiwick", "sts.amazonaws.com")
            and claims["nbf"] <= now < claims["exp"]
        )


@pytest.fixture
def sts(lake: S3) -> Iterator[Sts]:
    with listening() as receiver:
        yield Sts(receiver, lake)


def use(house: House, lake: S3, sts: Sts, **other: Any) -> None:
    house.secrets |= {"lake-key": lake.secret_access_key, "issuer-key": PEM}
    given = {"access_key_id": lake.access_key_id, "secret": "lake-key"} | other
    credential = AwsRole.model_validate(
        {"kind": "aws-role", "role": ROLE, "region": "us-east-1", "service": "s3", "sts_url": f"{sts.url}/", **given}
    )
    house.connection = ServiceConnection(kind="http", url=f"{lake.url}/lake", credential=credential, timeout_seconds=20)
    ada = Identity(Principal("user", "ada@example.com"), frozenset())
    agent = Identity.of_service(Principal("agent", "coder")).for_person(ada)
    house.calls |= {ADA_TRACE: Call(ada, APP, "r", ADA_TRACE), AGENT_TRACE: Call(agent, APP, "r", AGENT_TRACE)}


def test_a_role_is_assumed_for_each_person_and_agent_and_for_the_app_itself(house: House, lake: S3, sts: Sts) -> None:
    use(house, lake, sts)
    for trace in (TRACE, ADA_TRACE, AGENT_TRACE, "", TRACE):
        put = house.call("PUT", "/open/plain.txt", content=b"hello", trace=trace)
        assert put.status_code == 200, put.text
    assert sts.sessions == [
        "eve@example.com,finance-desk", "ada@example.com,finance-desk", "ada@example.com,coder", "finance-desk",
    ]  # fmt: skip
    assert house.call("GET", "/open/plain.txt").text == "hello"
    assert len(sts.forms) == 4
    # Whoever leaves loses their session, and nobody else does.
    house.gateway.credentials.keep({"user:eve@example.com": 5}, {"crm"}, frozenset())
    assert len(house.gateway.credentials._book._held) == 3
    assert house.call("GET", "/open/plain.txt", trace=ADA_TRACE).status_code == 200
    assert len(sts.forms) == 4


def test_without_the_role_the_key_may_do_nothing(house: House, lake: S3, sts: Sts) -> None:
    signed = {"kind": "aws-sigv4", "access_key_id": lake.access_key_id, "secret": "lake-key", "region": "us-east-1"}
    use(house, lake, sts)
    assert house.connection is not None
    house.connection = ServiceConnection.model_validate(
        {**house.connection.model_dump(), "credential": {**signed, "service": "s3"}}
    )
    assert house.call("PUT", "/open/plain.txt", content=b"hello").status_code == 403


def test_the_word_of_an_issuer_assumes_a_role_without_any_key_of_aws(house: House, lake: S3, sts: Sts) -> None:
    word = {"access_key_id": "", "secret": "issuer-key", "issuer": "https://bailiwick.example", "subject": "bailiwick"}
    use(house, lake, sts, **word)
    assert house.call("PUT", "/open/word.txt", content=b"by word").status_code == 200
    assert sts.forms[0]["Action"] == "AssumeRoleWithWebIdentity"
    use(house, lake, sts, **{**word, "subject": "somebody-else"})
    answered = house.call("GET", "/open/word.txt")
    assert (answered.status_code, "InvalidIdentityToken" in answered.json()["title"]) == (503, True)


def test_what_signs_is_never_told_and_is_masked_wherever_it_turns_up(house: House, lake: S3, sts: Sts) -> None:
    use(house, lake, sts)
    assert house.call("PUT", "/open/plain.txt", content=b"hello").status_code == 200
    held = house.gateway.credentials.tokens
    assert len(held) == 2  # the key that signs, and the session's token
    # Written into an object and read back: the service repeats what it was sent.
    house.call("PUT", "/open/echo.txt", content=" ".join(held).encode())
    echoed = house.call("GET", "/open/echo.txt")
    assert echoed.status_code == 200
    told = echoed.text + str([event.model_dump() for event in house.events])
    assert [value for value in {*held, lake.secret_access_key} if value in told] == []


def test_keys_that_were_taken_back_are_got_anew_for_the_next_call(house: House, lake: S3, sts: Sts) -> None:
    use(house, lake, sts)
    assert house.call("PUT", "/open/plain.txt", content=b"hello").status_code == 200
    ((key, (got, until)),) = house.gateway.credentials._book._held.items()
    from dataclasses import replace

    house.gateway.credentials._book._held[key] = (replace(got, account="ASIATAKENBACK1234567"), until)
    assert house.call("GET", "/open/plain.txt").status_code == 403
    assert house.call("GET", "/open/plain.txt").status_code == 200
    assert len(sts.forms) == 2


def test_an_access_key_that_was_just_rotated_is_fetched_anew_within_the_call(house: House, lake: S3, sts: Sts) -> None:
    use(house, lake, sts)
    fetch, right = house.fetch, lake.secret_access_key
    house.secrets["lake-key"] = "the/key+of/before"

    async def moving(name: str) -> Any:
        found = await fetch(name)
        if len(sts.forms) == 1 and house.fetched.count("lake-key") > 2:
            house.secrets["lake-key"] = right
        return found

    house.gateway.credentials._secrets._fetch = moving
    assert house.call("PUT", "/open/plain.txt", content=b"hello").status_code == 200
    assert len(sts.forms) == 2


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        (
            (403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"),
            "status 403 (AccessDenied)",
        ),
        ((500, b""), "answers with status 500"),
        ((302, b""), "answers with status 302"),
        ((200, b"<html>Sign in</html>"), "does not answer with keys"),
        ((200, b"x" * 70_000), "more than a token"),
    ],
)
def test_a_service_without_keys_is_told_of_and_gets_no_call(
    house: House, lake: S3, sts: Sts, instead: Any, words: str
) -> None:
    use(house, lake, sts)
    sts.instead = instead
    told = house.call("GET", "/open/plain.txt")
    assert (told.status_code, words in told.json()["title"]) == (503, True), told.text
    assert lake.secret_access_key not in told.text
    sts.instead = None
    assert house.call("PUT", "/open/plain.txt", content=b"hello").status_code == 200


GOOD = (
    b"<Credentials><AccessKeyId>ASIA0123456789ABCDEF</AccessKeyId><SecretAccessKey>abcdefghijklmnop/+=12345</"
    b"SecretAccessKey><SessionToken>FwoGZXIvYXdzEJr/+==</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration>"
    b"</Credentials>"
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        (b"ASIA0123456789ABCDEF", b"ASIA\r\nx-evil: 1"),
        (b"2026-01-01T01:00:00Z", b"2026-01-01T01:00:00"),
        (b"2026-01-01T01:00:00Z", b"2025-12-31T23:59:59Z"),
        (b"2026-01-01T01:00:00Z", b"9999999999999999999Z"),
        (b"<SessionToken>", b"<SessionToken>FwoGZXIvYXdzEJr/+==</SessionToken><SessionToken>"),
        (b"</SessionToken>", b""),
        (b"FwoGZXIvYXdzEJr/+==", b"&lol;"),
    ],
    ids=str,
)
def test_an_answer_that_is_not_quite_one_gives_no_keys(change: tuple[bytes, bytes]) -> None:
    assert read_keys(200, GOOD, NOW).seconds == 3600
    with pytest.raises(RoleNotAssumedError):
        read_keys(200, GOOD.replace(*change), NOW)


def test_the_name_of_a_session_is_one_that_aws_takes() -> None:
    names = [session_name("ada@example.com", "app:finance/desk"), session_name("ä" * 100, ""), session_name("", "x")]
    assert names[0] == "ada@example.com,finance-desk"
    assert [name for name in names if not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"access_key_id": ""},
        {"issuer": "https://bailiwick.example", "subject": "us"},
        {"access_key_id": "", "issuer": "https://bailiwick.example"},
        {"access_key_id": "", "issuer": "https://bailiwick.example", "subject": "us", "external_id": "x"},
        {"role": "lake-reader"},
        {"sts_url": "http://sts.example/"},
        {"seconds": 60},
    ],
    ids=str,
)
def test_a_role_that_cannot_be_assumed_is_not_registered(change: dict[str, Any]) -> None:
    whole = {"kind": "aws-role", "role": ROLE, "region": "eu-central-1", "service": "s3", "access_key_id": "AKIA01",
             "secret": "lake-key"}  # fmt: skip
    assert AwsRole.model_validate(whole).endpoint == "https://sts.eu-central-1.amazonaws.com/"
    with pytest.raises(ValidationError):
        AwsRole.model_validate(whole | change)
