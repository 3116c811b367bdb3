"""Requests signed by the gateway for AWS, against a server that checks each signature."""

from collections.abc import Iterator

import pytest

from bailiwick.core.messages import AwsSignature, ServiceConnection
from tests.control.exporters.s3_server import S3, s3_server
from tests.dataplane.gateways.services.conftest import House

pytestmark = pytest.mark.req("IN2", "SE2")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


def use(house: House, s3: S3, secret: str = "", key: str = "") -> None:
    house.secrets["lake-key"] = secret or s3.secret_access_key
    credential = AwsSignature(
        kind="aws-sigv4", access_key_id=key or s3.access_key_id, secret="lake-key", region="us-east-1", service="s3"
    )
    house.connection = ServiceConnection(kind="http", url=f"{s3.url}/lake", credential=credential, timeout_seconds=20)


def test_an_app_reads_and_writes_objects_and_never_sees_the_key(house: House, s3: S3) -> None:
    use(house, s3)
    for name in ("plain.txt", "a%20b%2Bc%26d=e;f%C3%A4.txt"):
        put = house.call("PUT", f"/open/{name}", content=b"hello", headers={"x-amz-meta-note": "from an  app"})
        assert put.status_code == 200, put.text
        got = house.call("GET", f"/open/{name}?response-content-type=text%2Fplain&response-content-language=a%20b")
        assert (got.status_code, got.text) == (200, "hello")
    assert sorted(s3.objects()) == ["open/a b+c&d=e;fä.txt", "open/plain.txt"]
    assert s3.secret_access_key not in str([event.model_dump() for event in house.events])


@pytest.mark.parametrize("header", ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"])
def test_an_app_cannot_write_what_is_signed(house: House, s3: S3, header: str) -> None:
    use(house, s3)
    assert house.call("PUT", "/open/other.txt", content=b"x", headers={header: "of the app"}).status_code == 200


def test_another_key_is_refused_by_the_service(house: House, s3: S3) -> None:
    use(house, s3, secret="another/secret+key")
    assert house.call("GET", "/open/plain.txt").status_code == 403
