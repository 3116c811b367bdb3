"""Files and objects: against an S3 server that checks signatures, and read back by another maker's Parquet reader."""

import gzip
import hashlib
import json
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bailiwick.core.sigv4 import Signer, amz_date
from tests.fixtures.npm import installed

from .conftest import Exporting, Makes, Moment
from .s3_server import S3, s3_server


@dataclass(frozen=True)
class Bucket:
    """The part of the bucket that is a test's own."""

    server: S3
    prefix: str

    def objects(self) -> dict[str, bytes]:
        found = self.server.objects()
        return {name.removeprefix(self.prefix): held for name, held in found.items() if name.startswith(self.prefix)}


@pytest.fixture(scope="module")
def s3_started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture
def prefix() -> str:
    """A prefix for each test, since they share the server."""
    return f"audit/{uuid.uuid4().hex}/"


@pytest.fixture
def s3(s3_started: S3, prefix: str) -> Bucket:
    return Bucket(s3_started, prefix)


def lake(exporting: Makes, s3: Bucket, secret: str = "", **options: Any) -> Exporting:
    values: dict[str, Any] = {
        "kind": "s3",
        "endpoint": s3.server.url,
        "bucket": "lake",
        "prefix": s3.prefix,
        "batch_seconds": 0,
        "access_key_id": {"env": "ID"},
        "secret_access_key": {"env": "SECRET"},
    }
    keys = {"ID": s3.server.access_key_id, "SECRET": secret or s3.server.secret_access_key}
    return exporting(keys, **{**values, **options})


def test_the_signature_is_that_of_the_vendors_own_examples() -> None:
    secret = SecretStr("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    signer = Signer("AKIAIOSFODNN7EXAMPLE", secret, "us-east-1")
    now = datetime(2013, 5, 24, tzinfo=UTC)
    headers = {"Host": "examplebucket.s3.amazonaws.com", "x-amz-date": amz_date(now)}
    empty = hashlib.sha256(b"").hexdigest()
    got = signer.authorization(
        "GET", "/test.txt", {**headers, "Range": "bytes=0-9", "x-amz-content-sha256": empty}, empty, now
    )
    assert got.endswith("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    welcome = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
    more = {
        "date": "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": welcome,
    }
    put = signer.authorization("PUT", "/test%24file.text", {**headers, **more}, welcome, now)
    assert put.endswith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    assert secret.get_secret_value() not in repr(signer)


@pytest.mark.req("OB3")
def test_objects_hold_every_event_and_are_named_by_their_places(exporting: Makes, s3: Bucket) -> None:
    some = lake(exporting, s3, batch_events=2)
    some.write(3)
    some.run()
    assert some.row().last_error == ""
    day = f"{some.clock():%Y/%m/%d}"
    objects = s3.objects()
    assert sorted(objects) == [
        f"{day}/000000000000-000000000001.ndjson.gz",
        f"{day}/000000000002-000000000002.ndjson.gz",
    ]
    lines = [line for name in sorted(objects) for line in gzip.decompress(objects[name]).splitlines()]
    assert [json.loads(line)["uid"] for line in lines] == ["default/0", "default/1", "default/2"]


@pytest.mark.req("OB3")
def test_keys_that_are_wrong_put_nothing(exporting: Makes, s3: Bucket, clock: Moment) -> None:
    some = lake(exporting, s3, "guessed")
    some.write(1)
    some.run()
    assert "the storage refuses our keys" in some.row().last_error
    assert "guessed" not in some.row().last_error
    assert s3.objects() == {}
    some.secrets["SECRET"] = s3.server.secret_access_key
    clock.pass_seconds(2)
    some.run()
    assert len(s3.objects()) == 1


@pytest.mark.req("OB3")
def test_a_bucket_that_is_not_there_is_said_in_words(exporting: Makes, s3: Bucket) -> None:
    some = lake(exporting, s3, bucket="elsewhere")
    some.write(1)
    some.run()
    assert some.row().last_error == "there is no such bucket (status 404)"


@pytest.mark.req("OB3")
def test_a_repeat_meets_its_own_object_and_is_content(exporting: Makes, s3: Bucket) -> None:
    some = lake(exporting, s3)
    some.write(2)
    some.run()
    before = s3.objects()
    some.set_cursor(0, batch_end=2)
    some.run()
    assert (some.row().next_sequence, some.row().failures) == (2, 0)
    assert s3.objects() == before


@pytest.mark.req("OB3")
def test_somebody_elses_object_is_not_written_over(exporting: Makes, s3: Bucket) -> None:
    some = lake(exporting, s3)
    some.write(2)
    some.run()
    (name,) = s3.objects()
    s3.server.replace(s3.prefix + name)
    some.set_cursor(0, batch_end=2)
    some.run()
    assert some.row().last_error.startswith(f"another object has the name /lake/{s3.prefix}")
    assert s3.objects()[name] == b"other"


@pytest.mark.req("OB3")
@pytest.mark.parametrize("form", ["json", "ocsf"])
def test_parquet_is_read_by_another_makers_reader(exporting: Makes, tmp_path: Path, form: str) -> None:
    some = exporting(kind="folder", path=str(tmp_path), container="parquet", format=form, batch_seconds=0)
    some.write(3, reason='né\x00t | a="grant"', outcome="refused")
    some.run()
    (file,) = tmp_path.rglob("*.parquet")
    command = ["node", installed("parquet-reader", "parquet.mjs") / "parquet.mjs", file]
    rows = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [row["sequence"] for row in rows] == [0, 1, 2]
    assert {(row["uid"], row["outcome"], row["reason"]) for row in rows} == {
        (f"default/{place}", "refused", 'né\x00t | a="grant"') for place in range(3)
    }
    assert datetime.fromisoformat(rows[0]["time"]) == some.clock().replace(
        microsecond=some.clock().microsecond // 1000 * 1000
    )
    whole = json.loads(rows[2]["event"])
    assert "default/2" in (whole.get("uid"), whole["metadata"]["uid"] if form == "ocsf" else "")
    before = file.read_bytes()
    some.set_cursor(0, batch_end=3)
    some.run()
    assert file.read_bytes() == before
