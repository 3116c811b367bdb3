"""An S3 server that checks signatures and permissions: moto's, in a process of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx2

from tests.fixtures.moto_server import moto_server

_ACTIONS = [
    "s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:DeleteObject", "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
]  # fmt: skip
_MAY = {"Effect": "Allow", "Action": _ACTIONS, "Resource": "*"}


@dataclass(frozen=True)
class S3:
    """The server, with a bucket "lake" and a user who may read and write objects."""

    url: str
    access_key_id: str
    secret_access_key: str

    def objects(self) -> dict[str, bytes]:
        """Names and contents."""
        client = self._client("s3")
        found = client.list_objects_v2(Bucket="lake").get("Contents", [])
        return {item["Key"]: client.get_object(Bucket="lake", Key=item["Key"])["Body"].read() for item in found}

    def replace(self, name: str) -> None:
        """Put another object in the place of one, as somebody else would."""
        self._client("s3").put_object(Bucket="lake", Key=name, Body=b"other")

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
        )


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    with moto_server(folder) as url:
        yield _set_up(url)


def _set_up(url: str) -> S3:
    first = S3(url, "any", "any")
    first._client("s3").create_bucket(Bucket="lake")
    iam = first._client("iam")
    iam.create_user(UserName="exporter")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [_MAY]})
    iam.put_user_policy(UserName="exporter", PolicyName="write", PolicyDocument=policy)
    key = iam.create_access_key(UserName="exporter")["AccessKey"]
    # From here on it checks signatures and permissions.
    httpx2.post(f"{url}/moto-api/reset-auth", content=b"0").raise_for_status()
    return S3(url, key["AccessKeyId"], key["SecretAccessKey"])
