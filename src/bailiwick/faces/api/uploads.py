"""The door for files without git: all files of an app as JSON or in an archive, reviewed as any push is."""

import asyncio
import base64
import binascii
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bailiwick.control.app import ControlPlane
from bailiwick.control.source import PushAnswer, Told, Upload
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.branches import MAIN
from bailiwick.core.errors import BailiwickError, InvalidInputError
from bailiwick.core.principals import Identity
from bailiwick.faces.api.archives import MEDIA_TYPES, files_of
from bailiwick.faces.api.pages import Json
from bailiwick.faces.told import told_by_headers

_SLACK = 4 / 3 + 0.1  # JSON holds bytes as base64


class UploadRefusedError(BailiwickError):
    """The review found something that blocks; `details` holds the findings."""

    code = "source.review-refused"
    status = 422


class FileBody(BaseModel):
    """A file that is more than its text."""

    model_config = ConfigDict(extra="forbid")
    text: str | None = None
    base64: str | None = None
    executable: bool = False


class FilesBody(BaseModel):
    """All the files of an app by path: those that are not here are taken out."""

    model_config = ConfigDict(extra="forbid")
    files: dict[str, str | FileBody]
    message: str = Field(default="", max_length=4000)
    base: str = Field(default="", max_length=40, description="the commit they were made from; main must be there still")
    branch: str = Field(default="", max_length=200, description="where they go; empty for main")
    agent: str = Field(default="", max_length=200)
    model: str = Field(default="", max_length=200)
    prompts: tuple[str, ...] = Field(default=(), max_length=10)


def add_uploads(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the upload to the API. Paths hold slashes: what follows `/v1/push/` is the app's."""

    @api.post("/v1/push/{path:path}", status_code=201)
    async def push(
        identity: Caller,
        request: Request,
        path: str,
        message: Annotated[str, Query(max_length=4000)] = "",
        base: Annotated[str, Query(max_length=40)] = "",
        door: Literal["api", "cli"] = "api",
        branch: Annotated[str, Query(max_length=200)] = "",
    ) -> JSONResponse:
        """Push the files of the body: JSON, or an archive (tar, tar.gz, zip) with message, base and branch as query."""
        await asyncio.to_thread(control.uploads.require_push, identity, path)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await _body(request, int(control.settings.max_push_bytes * _SLACK))
        told = told_by_headers(request.scope)
        upload = await asyncio.to_thread(_upload, media_type, body, Upload((), message, base, told, door, branch))
        async with control.hooks.turn(path):
            return await asyncio.to_thread(_taken, control, identity, path, upload)


def _taken(control: ControlPlane, identity: Identity, path: str, upload: Upload) -> JSONResponse:
    answer, commit = control.uploads.take(identity, path, upload)
    if not answer.accepted:
        raise _refused(control, answer)
    with control.store.transaction() as session:
        review = control.reviews.review(session, answer.review)
    said: Json = {"app": path, "commit": commit, "tree": review.tree, "review": review.id}
    said |= {"branch": upload.branch or MAIN, "said": [line for line in answer.lines if line]}
    return JSONResponse({**said, "findings": len(review.findings)}, 201)


def _refused(control: ControlPlane, answer: PushAnswer) -> BailiwickError:
    with control.store.transaction() as session:
        review = control.reviews.review(session, answer.review)
    url = f"{control.settings.public_url}/reviews/{review.id}"
    findings = [
        {"rule": it.rule, "severity": it.severity, "path": it.path, "line": it.line, "message": it.message,
         "why": it.why, "fix": it.fix, "cwe": it.cwe, "fingerprint": it.fingerprint, "url": f"{url}#{it.fingerprint}"}
        for it in review.findings
        if it.blocking and not it.waiver
    ]  # fmt: skip
    count = len(findings)
    return UploadRefusedError(
        f"the review refuses this push: {count} finding{'' if count == 1 else 's'} to mend",
        hint=f"mend what is found and send it again; {url}",
        details={"review": review.id, "findings": findings, "could_not_review": list(review.could_not_review)},
    )


async def _body(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise InvalidInputError(
                f"a push may have {most_bytes // 2**20} MiB at most", hint="keep data outside of the repository"
            )
    return bytes(body)


def _upload(media_type: str, body: bytes, said_beside: Upload) -> Upload:
    """Return the files of a body, with what the query and headers say of them where the body does not."""
    if media_type in MEDIA_TYPES:
        return replace(said_beside, files=files_of(body, media_type))
    if media_type != "application/json":
        raise InvalidInputError(
            f"'{media_type[:60]}' is no form of files that is taken here",
            hint=f"send application/json or one of {', '.join(sorted(MEDIA_TYPES))}",
        )
    try:
        said = FilesBody.model_validate_json(body)
    except ValidationError as fault:
        problems = "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in fault.errors()[:5])
        raise InvalidInputError(problems[:500], hint='{"files": {"app.py": "…"}, "message": "…"}') from None
    files = [_file(path, content) for path, content in said.files.items()]
    beside = said_beside
    whole = Told(said.agent, said.model, said.prompts).over(beside.told).bounded()
    return Upload(
        files,
        said.message or beside.message,
        said.base or beside.base,
        whole,
        beside.door,
        said.branch or beside.branch,
    )


def _file(path: str, content: str | FileBody) -> TreeFile:
    if isinstance(content, str):
        return TreeFile(path, content.encode(errors="surrogatepass"))
    if (content.text is None) == (content.base64 is None):
        raise InvalidInputError(f"'{path[:120]}' has neither text nor base64, or both", hint="say one of them")
    if content.text is not None:
        return TreeFile(path, content.text.encode(errors="surrogatepass"), content.executable)
    try:
        return TreeFile(path, base64.b64decode(content.base64 or "", validate=True), content.executable)
    except (binascii.Error, ValueError):
        raise InvalidInputError(f"'{path[:120]}' is not base64", hint="encode it with RFC 4648, section 4") from None
