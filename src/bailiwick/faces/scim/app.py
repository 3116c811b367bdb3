"""The ASGI application under `/scim/v2`: who is it, the whole body but not more than fits, then one operation."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from scim2_models import (
    InvalidFilterException,
    InvalidSyntaxException,
    PayloadTooLargeException,
    SCIMException,
    UnauthorizedException,
)
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity.directory import DirectoryClient
from bailiwick.core.errors import BailiwickError
from bailiwick.core.ids import new_trace_id
from bailiwick.faces.origin import seen_from
from bailiwick.faces.scim import PREFIX
from bailiwick.faces.scim.conditions import MOST_FILTER_CHARACTERS
from bailiwick.faces.scim.habits import mend_body, mend_filter
from bailiwick.faces.scim.membership import member_changes
from bailiwick.faces.scim.provider import MOST_BODY_BYTES, MOST_OPERATIONS, build_provider
from bailiwick.faces.scim.storage import DirectoryStorage, scim_error

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Headers = list[tuple[str, str]]
_Found = TypeVar("_Found")

_GROUP_PATH = re.compile(r"/Groups/([^/\0]{1,200})")
_LOG = logging.getLogger("bailiwick.scim")
_BODY_SECONDS = 60.0
_READING = frozenset({"GET", "HEAD"})


class ScimFace:
    """SCIM 2.0 for directories. Every request needs the token of a directory, discovery too."""

    def __init__(self, control: ControlPlane) -> None:
        self._directory = control.directory
        self._base_url = f"{control.settings.public_url}{PREFIX}"
        self._provider = build_provider()
        self._service = ScimService(self._provider)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        # Whoever shows no good token is answered before anything of what they send is kept.
        found = await asyncio.to_thread(self._in_words, lambda: self._client(scope, headers))
        if isinstance(found, DirectoryClient):
            try:
                async with asyncio.timeout(_BODY_SECONDS):
                    body = await _body(receive, headers)
            except (TimeoutError, ConnectionError):
                return
            response = await asyncio.to_thread(self._in_words, lambda: self._answer(scope, headers, found, body))
        else:
            response = found
        await _send(send, scope["method"], response)

    def _client(self, scope: Scope, headers: Headers) -> DirectoryClient:
        shown = self._directory.authenticate(_bearer(headers))
        return replace(shown, identity=seen_from(shown.identity, scope))

    def _in_words(self, work: Callable[[], _Found]) -> _Found | ScimResponse:
        """Return what comes of work, or the answer that it went wrong; faults of ours are said by a trace id only."""
        try:
            return work()
        except SCIMException as fault:
            return self._service.error_response(fault)
        except BailiwickError as fault:
            return self._service.error_response(scim_error(fault))
        except Exception:
            trace = new_trace_id()
            _LOG.exception("internal fault, trace %s", trace)
            response = self._service.error_response(RuntimeError())
            return ScimResponse(response.status, {**(response.body or {}), "detail": f"a fault of ours, trace {trace}"})

    def _answer(self, scope: Scope, headers: Headers, client: DirectoryClient, body: bytes | None) -> ScimResponse:
        if body is None:
            raise PayloadTooLargeException(detail=f"a request may have {MOST_BODY_BYTES} bytes at most")
        path = str(scope["path"]).removeprefix(PREFIX) or "/"
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        content = _mended(body)
        _require_short_expressions(query, content)
        if "filter" in query:
            query["filter"] = mend_filter(query["filter"])
        if scope["method"] == "PATCH":
            done = self._change_members(client, path, headers, query, content)
            if done is not None:
                return done
            _require_few_operations(content)
        request = ScimRequest(
            method="GET" if scope["method"] == "HEAD" else scope["method"],
            # Not from the Host header, which whoever asks may choose.
            base_url=self._base_url,
            path=path,
            query=query,
            headers=headers,
            body=b"" if content is None else json.dumps(content).encode(),
        )
        writing = scope["method"] not in _READING and not request.path.endswith("/.search")
        storage = DirectoryStorage(self._directory, client, self._provider, writing=writing)
        return ScimHandler(self._service, storage).handle(request)

    def _change_members(
        self, client: DirectoryClient, path: str, headers: Headers, query: dict[str, str], content: Any
    ) -> ScimResponse | None:
        """Answer a PATCH that only adds and removes members of a group; None when it is anything else."""
        group = _GROUP_PATH.fullmatch(path)
        conditional = any(name.lower() in {"if-match", "if-none-match"} for name, _ in headers)
        changes = member_changes(content) if group and not query and not conditional else None
        if group is not None and changes is not None:
            with self._directory.entered(client, writing=True) as session:
                version = self._directory.change_members(session, client, group[1], changes)
            return ScimResponse(HTTPStatus.NO_CONTENT, headers={"ETag": f'W/"{version}"'})
        return None


async def _send(send: Send, method: str, response: ScimResponse) -> None:
    headers = {**response.headers, "Cache-Control": "no-store"}
    content = b"" if response.body is None else json.dumps(response.body).encode()
    if response.body is None:
        del headers["Content-Type"]
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if response.status != 204:  # noqa: PLR2004 - No Content has no length either (RFC 9110, section 8.6)
        lines.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": int(response.status), "headers": lines})
    await send({"type": "http.response.body", "body": content if method != "HEAD" else b""})


def _bearer(headers: Headers) -> str:
    found = [value for name, value in headers if name.lower() == "authorization"]
    kind, _, token = found[0].partition(" ") if len(found) == 1 else ("", "", "")
    if kind.lower() != "bearer" or not token:
        raise UnauthorizedException(detail="SCIM needs the bearer token of a directory")
    return token.strip()


def _require_short_expressions(query: Mapping[str, str], content: Any) -> None:
    """Raise when a filter, or a path, is longer than any is: before it is read, which takes time for each character."""
    named = {key.lower(): value for key, value in content.items()} if isinstance(content, dict) else {}
    operations = named.get("operations")
    expressions = [*query.values(), named.get("filter")]
    for operation in operations if isinstance(operations, list) else ():
        if isinstance(operation, dict):
            expressions += [value for key, value in operation.items() if key.lower() == "path"]
            # An operation of a bulk request has a body of its own.
            _require_short_expressions({}, operation.get("data"))
    if any(isinstance(item, str) and len(item) > MOST_FILTER_CHARACTERS for item in expressions):
        raise InvalidFilterException(detail=f"a filter may have {MOST_FILTER_CHARACTERS} characters at most")


def _require_few_operations(content: Any) -> None:
    """Raise when a PATCH has so many operations that doing them one after the other would take minutes."""
    named = {key.lower(): value for key, value in content.items()} if isinstance(content, dict) else {}
    operations = named.get("operations")
    if isinstance(operations, list) and len(operations) > MOST_OPERATIONS:
        raise PayloadTooLargeException(
            detail=f"a PATCH may have {MOST_OPERATIONS} operations at most, but for those that add or remove members"
        )


def _mended(body: bytes) -> Any:
    """Return the JSON of a body as it is meant, None for none; raise `InvalidSyntaxException` when it is no JSON."""
    if not body.strip():
        return None
    try:
        return mend_body(json.loads(body))
    except (ValueError, RecursionError) as fault:
        raise InvalidSyntaxException(detail="the body is not JSON that can be read") from fault


async def _body(receive: Receive, headers: Headers) -> bytes | None:
    """Return the whole body, or None when it is larger than any may be; the rest of it is read and dropped."""
    announced = next((value for name, value in headers if name.lower() == "content-length"), "")
    if announced.isdecimal() and int(announced[:20]) > MOST_BODY_BYTES:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the directory went away")
        size += len(message.get("body", b""))
        if size <= MOST_BODY_BYTES:
            parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts) if size <= MOST_BODY_BYTES else None
