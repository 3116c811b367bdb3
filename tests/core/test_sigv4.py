"""Signatures of AWS: the same as the vendor's own library makes, for whatever a path and a query can hold."""

from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import SecretStr

from bailiwick.core.sigv4 import UNSIGNED, Signer, amz_date, canonical_path, canonical_query, content_hash

pytestmark = pytest.mark.req("IN2")
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2026, 3, 9, 12, 30, 5, tzinfo=UTC)
PATHS = ("/", "/a", "/folder/a b.txt", "/ä/€", "/a+b&c=d;e:f@g,h", "/a%2Fb", "/~tilde._-", "/(par)!*'")
QUERIES = (
    (), (("b", "2"), ("a", "1")), (("a", "2"), ("a", "1")), (("empty", ""),), (("sp ace", "a b+c&d=e/f"), ("ä", "€")),
    (("A", "1"), ("a", "1"), ("a-b", "1"), ("a.b", "1")),
)  # fmt: skip


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
@pytest.mark.parametrize("body", [b"", b'{"TableName": "orders"}'], ids=["empty", "body"])
def test_signatures_are_those_of_the_vendors_library(
    service: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: NOW.replace(tzinfo=None), raising=False)
    signer = Signer(KEY, SecretStr(SECRET), "eu-central-1", service)
    theirs = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(KEY, SECRET), service, "eu-central-1")
    for path in PATHS:
        for parameters in QUERIES:
            query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in parameters)
            url = f"https://aws.example:8443{quote(path, safe='/~')}{'?' if query else ''}{query}"
            headers = {"x-amz-meta-note": "  two   spaces ", "content-type": "application/json"}
            request = AWSRequest("PUT", url, headers=dict(headers), data=body)
            theirs.add_auth(request)
            sent = dict(request.headers.items())
            told = datetime.strptime(sent["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            signed = {**headers, "host": urlsplit(url).netloc, "x-amz-date": amz_date(told)}
            signed |= {"x-amz-content-sha256": content_hash(body)} if service == "s3" else {}
            ours = signer.authorization(
                "PUT", canonical_path(path, service), signed, content_hash(body), told, canonical_query(parameters)
            )
            assert ours.replace(",", ", ") == sent["Authorization"], (path, parameters)


def test_a_body_that_is_sent_as_it_comes_is_signed_as_such() -> None:
    signer = Signer(KEY, SecretStr(SECRET), "us-east-1")
    headers = {"host": "lake.example", "x-amz-date": amz_date(NOW)}
    of_hash, of_none = (
        signer.authorization("PUT", "/a", headers, body_hash, NOW) for body_hash in (content_hash(b""), UNSIGNED)
    )
    assert of_hash != of_none
    assert SECRET not in repr(signer) + of_hash
