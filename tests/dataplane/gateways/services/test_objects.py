"""Objects of S3 through the gateway: boto3 as it comes, granted one folder by the connector."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

from bailiwick.control.integrations import Connectors
from bailiwick.control.integrations.connectors import Made
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import DataGrant, RequestGrant
from bailiwick.core.messages import AwsSignature, ServiceConnection
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.services import ServiceListener
from tests.control.exporters.s3_server import S3, s3_server
from tests.fixtures.service_gateway import APP, World, served

pytestmark = pytest.mark.req("IN1", "IN2", "IN9")
EVERYTHING = ("objects:read", "objects:write", "copies:write", "removals:write")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


def granted(*access: str, folder: str = "reports/2026") -> tuple[RequestGrant, ...]:
    place = {
        "values": {"region": "us-east-1"},
        "credential": {"kind": "aws-sigv4", "access_key_id": "A", "secret": "k"},
    }
    made = Made.model_validate(
        {"connector": "s3", "owner": "group:it", "access": access, "connections": {"production": place},
         "values": {"bucket": "lake", "folder": folder}}
    )  # fmt: skip
    offers = Connectors().integration("lake", made).offers
    return tuple(offer for found in offers.values() for offer in found if isinstance(offer, RequestGrant))


@contextmanager
def opened(s3: S3, *access: str) -> Iterator[World]:
    world = World({"lake-key": s3.secret_access_key})
    credential = AwsSignature(
        kind="aws-sigv4", access_key_id=s3.access_key_id, secret="lake-key", region="us-east-1", service="s3"
    )
    world.connection = ServiceConnection(kind="http", url=s3.url, credential=credential, timeout_seconds=20)
    grant = DataGrant(integration="lake", tables=(), requests=granted(*access))
    binding = Binding(
        app=APP, release="rel_1", tenant="default", plane="production", resource="lake", roles={}, grant=grant,
        name="files",
    )  # fmt: skip
    with served(world, binding, ServiceListener):
        yield world


@pytest.fixture(scope="module")
def world(s3: S3) -> Iterator[World]:
    with opened(s3, *EVERYTHING) as made:
        yield made


def client(world: World, style: str = "path") -> Any:
    """Return a client as apps make one; it signs with a key that means nothing."""
    return boto3.client(
        "s3", endpoint_url=world.url, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none",
        config=Config(s3={"addressing_style": style}, retries={"max_attempts": 1}),
    )  # fmt: skip


def test_objects_are_written_listed_read_copied_and_removed(world: World, s3: S3) -> None:
    files = client(world)
    files.put_object(Bucket="lake", Key="reports/2026/a b+c.txt", Body=b"hello", Metadata={"note": "from the app"})
    files.upload_fileobj(io.BytesIO(b"stream"), "lake", "reports/2026/streamed.txt")
    got = files.get_object(Bucket="lake", Key="reports/2026/a b+c.txt")
    assert (got["Body"].read(), got["Metadata"]) == (b"hello", {"note": "from the app"})
    assert files.head_object(Bucket="lake", Key="reports/2026/a b+c.txt")["ContentLength"] == 5
    assert files.get_object(Bucket="lake", Key="reports/2026/streamed.txt", Range="bytes=0-2")["Body"].read() == b"str"
    files.copy_object(Bucket="lake", Key="reports/2026/copy.txt", CopySource="lake/reports/2026/a b+c.txt")
    listed = files.list_objects_v2(Bucket="lake", Prefix="reports/2026/", MaxKeys=2)
    more = files.list_objects_v2(
        Bucket="lake", Prefix="reports/2026/", ContinuationToken=listed["NextContinuationToken"]
    )
    names = [item["Key"].removeprefix("reports/2026/") for item in listed["Contents"] + more["Contents"]]
    assert names == ["a b+c.txt", "copy.txt", "streamed.txt"]
    files.delete_object(Bucket="lake", Key="reports/2026/copy.txt")
    assert "reports/2026/copy.txt" not in s3.objects()
    assert s3.secret_access_key not in str([event.model_dump() for event in world.events])


def test_a_large_object_goes_in_parts(world: World, s3: S3) -> None:
    content = bytes(range(256)) * 4096 * 12
    few = TransferConfig(multipart_threshold=5 * 2**20, multipart_chunksize=5 * 2**20, max_concurrency=2)
    client(world).upload_fileobj(io.BytesIO(content), "lake", "reports/2026/large.bin", Config=few)
    begun = client(world).create_multipart_upload(Bucket="lake", Key="reports/2026/never.bin")
    client(world).list_parts(Bucket="lake", Key="reports/2026/never.bin", UploadId=begun["UploadId"])
    client(world).abort_multipart_upload(Bucket="lake", Key="reports/2026/never.bin", UploadId=begun["UploadId"])
    assert s3.objects()["reports/2026/large.bin"] == content


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as told:
        call(Bucket="lake", **given)
    assert told.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 403}
    return str(told.value)


def test_nothing_outside_of_the_folder_is_reached(world: World, s3: S3) -> None:
    s3.replace("secrets/key.txt")
    s3.replace("reports/2026-old/x.txt")
    files, before = client(world), s3.objects()
    inside = "reports/2026/x.txt"
    for call, given in (
        (files.get_object, {"Key": "secrets/key.txt"}),
        (files.get_object, {"Key": "reports/2026-old/x.txt"}),
        (files.get_object, {"Key": "reports/2026/../../secrets/key.txt"}),
        (files.put_object, {"Key": "secrets/key.txt", "Body": b"x"}),
        (files.delete_object, {"Key": "secrets/key.txt"}),
        (files.list_objects_v2, {}),
        (files.list_objects_v2, {"Prefix": "reports/"}),
        (files.list_objects_v2, {"Prefix": "reports/2026"}),
        (files.list_objects_v2, {"Prefix": "reports/2026/../../secrets/"}),
        (files.list_objects, {"Prefix": "reports/2026/"}),
        (files.copy_object, {"Key": inside, "CopySource": "lake/secrets/key.txt"}),
        (files.copy_object, {"Key": inside, "CopySource": "other/reports/2026/x.txt"}),
        (files.copy_object, {"Key": inside, "CopySource": "lake/reports/2026/../../secrets/key.txt"}),
        (files.copy_object, {"Key": inside, "CopySource": "lake/reports/2026/%2e%2e/%2e%2e/secrets/key.txt"}),
        (files.copy_object, {"Key": "secrets/x.txt", "CopySource": "lake/reports/2026/a.txt"}),
        (files.put_object, {"Key": inside, "Body": b"x", "ACL": "public-read"}),
        (files.put_object, {"Key": inside, "Body": b"x", "WebsiteRedirectLocation": "https://elsewhere.example"}),
        (files.get_object_acl, {"Key": inside}),
        (files.put_object_tagging, {"Key": inside, "Tagging": {"TagSet": []}}),
        (files.delete_objects, {"Delete": {"Objects": [{"Key": "secrets/key.txt"}]}}),
        (files.get_bucket_policy, {}),
        (files.delete_bucket, {}),
    ):
        refused(call, **given)
    with pytest.raises(ClientError):
        files.list_buckets()
    assert s3.objects() == before


def test_a_copy_is_refused_as_a_whole_where_copying_is_not_granted(s3: S3) -> None:
    s3.replace("reports/2026/target.txt")
    with opened(s3, "objects:read", "objects:write") as world:
        words = refused(client(world).copy_object, Key="reports/2026/target.txt", CopySource="lake/reports/2026/a.txt")
    assert "x-amz-copy-source" in world.told().reason, words
    assert s3.objects()["reports/2026/target.txt"] == b"other"


def test_an_address_that_is_signed_already_is_not_taken(world: World, s3: S3) -> None:
    signer = boto3.client(
        "s3", endpoint_url=s3.url, region_name="us-east-1", aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key, config=Config(signature_version="s3v4"),
    )  # fmt: skip
    signed = signer.generate_presigned_url("get_object", {"Bucket": "lake", "Key": "reports/2026/large.bin"})
    answer = world.call("GET", signed.removeprefix(s3.url))
    assert answer.status_code == 403
    assert "X-Amz-Signature" in answer.json()["title"]


def test_a_bucket_may_stand_in_the_name_of_the_host(world: World, s3: S3) -> None:
    s3.replace("reports/2026/hosted.txt")
    host = {"host": "lake.files.internal"}
    assert world.call("GET", "/reports/2026/hosted.txt", headers=host).text == "other"
    assert "hosted.txt" in world.call("GET", "/?list-type=2&prefix=reports/2026/", headers=host).text
    assert world.call("GET", "/secrets/key.txt", headers=host).status_code == 403
    for other in ("other.files.internal", "lake.other.internal", "a.lake.files.internal"):
        assert world.call("GET", "/reports/2026/hosted.txt", headers={"host": other}).status_code == 403


def test_a_body_that_is_signed_piece_by_piece_is_not_taken(world: World) -> None:
    pieces = {"content-encoding": "aws-chunked"}
    answer = world.call("PUT", "/lake/reports/2026/x.txt", content=b"1;chunk-signature=0\r\nx\r\n", headers=pieces)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "folder", ["../secrets", "/reports", "reports/", "a b", "*", "**", "{any}", "", "a//b", "$(bucket)", "a?b", "a%2e"]
)
def test_a_folder_that_could_mean_another_is_not_registered(folder: str) -> None:
    with pytest.raises((InvalidInputError, ValueError)):
        granted("objects:read", folder=folder)


def test_values_that_nobody_wants_and_those_that_are_missing_are_named() -> None:
    place = {"values": {"region": "r"}, "credential": {"kind": "aws-sigv4", "access_key_id": "A", "secret": "k"}}
    document: dict[str, Any] = {
        "connector": "s3", "owner": "group:it", "access": ["objects:read"], "connections": {"production": place}
    }  # fmt: skip
    for values, words in (
        ({"bucket": "b"}, "wants other values: folder"),
        ({"bucket": "b", "folder": "f", "sheet": "s"}, "wants other values: sheet"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            Connectors().integration("lake", Made.model_validate(document | {"values": values}))
