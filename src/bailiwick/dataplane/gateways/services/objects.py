"""What is particular to services that speak the protocol of S3: buckets in host names, and headers that mean much."""

import re
from collections.abc import Iterable, Mapping

from bailiwick.core.messages import AwsSignature, Credential, IntegrationState, ServiceConnection
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.router.wire import RequestHead

_SIGNED = "x-amz-"
# What libraries write along, and the gateway makes itself or does without.
_WITHOUT_MEANING = frozenset(
    {
        "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-user-agent", "x-amz-te",
        "x-amz-sdk-checksum-algorithm", "x-amz-checksum-mode", "x-amz-decoded-content-length",
    }
)  # fmt: skip
_CHUNKED = "aws-chunked"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def asked_target(head: RequestHead, connection: ServiceConnection, name: str) -> str:
    """Return path and query of a call. A bucket may stand in the name of the host (`BUCKET.NAME.internal`), as
    libraries like to write it: it is the first part of the path then.
    """
    suffix = f".{name}.internal"
    host = head.host.partition(":")[0].lower()
    if not name or not host.endswith(suffix) or not _is_of_objects(connection.credential):
        return head.target
    path, mark, query = head.target.partition("?")
    bucket = host.removesuffix(suffix)
    return f"/{bucket}{'' if path == '/' else path}{mark}{query}"


def buckets_of(integration: IntegrationState) -> frozenset[str]:
    """Return the buckets that an app may use of an integration, none where it holds no objects."""
    connection = integration.connection
    if not isinstance(connection, ServiceConnection) or not _is_of_objects(connection.credential):
        return frozenset()
    found = {request.path[1:].partition("/")[0] for request in integration.grant.requests}
    return frozenset(name for name in found if _BUCKET.fullmatch(name))


def require_no_meaning_lost(headers: Mapping[str, str], along: Iterable[str], credential: Credential) -> None:
    """Return when what a call says in headers of AWS goes along; raise `CallRefusedError` where one would stay behind.

    A copy without its source would be an empty object in the place of what is there.
    """
    if not isinstance(credential, AwsSignature):
        return
    if _CHUNKED in headers.get("content-encoding", ""):
        raise CallRefusedError(
            400, "a body that is signed piece by piece is not taken", hint="send it whole, or as it comes"
        )
    opened = tuple(along)
    for name in sorted(headers):
        if name.startswith(_SIGNED) and name not in _WITHOUT_MEANING and not is_among(name, opened):
            raise CallRefusedError(403, f"no access opens the header {name[:80]}", deciders=("data-grant",))


def is_among(name: str, along: Iterable[str]) -> bool:
    """Return whether a header is one of some, of which a trailing asterisk stands for any rest."""
    return any(name == item or (item.endswith("*") and name.startswith(item[:-1])) for item in along)


def _is_of_objects(credential: Credential) -> bool:
    return isinstance(credential, AwsSignature) and credential.service == "s3"
