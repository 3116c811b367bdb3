"""Tools about changes: have one reviewed, send one through the gate, and read what was found."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import Report, StoredReview
from bailiwick.control.source import NewContent, Patch, PushAnswer, Told, Upload
from bailiwick.core.artifacts import MAX_FILES
from bailiwick.core.branches import MAIN
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.mcp.arguments import AppPath, Id
from bailiwick.faces.mcp.tool import Answer, Arguments, Caller, Tool, in_thread
from bailiwick.faces.mcp.words import Fault, count, fault_lines, of_found, of_stored

_DOOR = "mcp"
_LONGEST_PATH = 1000
# Of a review that nothing is kept of; one that is kept holds 500.
_MOST_FAULTS = 200

FilePath = Annotated[str, Field(min_length=1, max_length=_LONGEST_PATH)]


class FileArgument(Arguments):
    """What a file holds: text, or bytes as base64."""

    text: str | None = None
    base64: Annotated[str | None, Field(description="RFC 4648, section 4; for what is no UTF-8 text")] = None
    executable: Annotated[bool | None, Field(description="left out: as it was")] = None


class ChangeArguments(Arguments):
    """A change of an app on top of the commit that main, or a branch, is at."""

    app: AppPath
    base: Annotated[
        str, Field(pattern=r"^([0-9a-f]{40})?$", description="the commit that main is at; empty for an empty app")
    ] = ""
    branch: Annotated[
        str,
        Field(
            max_length=100,
            pattern=r"^[A-Za-z0-9._/-]*$",
            description="a branch, which has a preview of its own until some days after its last change; base is then "
            "the commit that it is at, or main's where it is new. Empty for main",
        ),
    ] = ""
    files: Annotated[
        dict[FilePath, FileArgument], Field(max_length=MAX_FILES, description="new and changed files by path")
    ]
    removed: Annotated[
        list[FilePath], Field(default_factory=list, max_length=MAX_FILES, description="paths of files to take out")
    ]


class SubmitArguments(ChangeArguments):
    """A change, and how it came to be."""

    message: Annotated[str, Field(min_length=1, max_length=4000, description="what changed and why")]
    agent: Annotated[str, Field(max_length=200, description="your own name: claude-code")] = ""
    model: Annotated[str, Field(max_length=200, description="the model that wrote it")] = ""
    prompts: Annotated[
        list[str],
        Field(default_factory=list, max_length=10, description="what the person asked for, in their own words"),
    ]


class FindingsArguments(Arguments):
    """Which review: one by its id, or the newest of an app."""

    review: Annotated[Id, Field(description="the id of a review; empty for the newest of the app")] = ""
    app: Annotated[str, Field(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$", description="the app")] = ""


def _review(caller: Caller[ChangeArguments]) -> Answer:
    upload = _upload(caller.control, caller, Told(), "Tried")
    report = caller.control.uploads.try_out(caller.identity, caller.arguments.app, upload)
    faults = _faults_of(report)
    blocking = sum(fault.blocking for fault in faults)
    head = "nothing blocks: submit_change would be taken" if report.passed else f"{count(blocking, 'finding')} to mend"
    lines = [f"{head}; nothing was changed", *fault_lines(faults), *_failed(report.could_not_review)]
    data = {
        "app": caller.arguments.app,
        "passes": report.passed,
        "blocking": blocking,
        "findings": [fault.data for fault in faults[:_MOST_FAULTS]],
        "left_out": max(0, len(faults) - _MOST_FAULTS),
        "could_not_review": list(report.could_not_review),
    }
    return Answer("\n".join(lines), data)


async def _submit(caller: Caller[SubmitArguments]) -> Answer:
    control, asked = caller.control, caller.arguments
    # Asked before anything waits: an app's turn is not for strangers.
    app = await run_in_threadpool(control.uploads.require_push, caller.identity, asked.app)
    async with control.hooks.turn(app.path):
        return await run_in_threadpool(_take, caller)


def _take(caller: Caller[SubmitArguments]) -> Answer:
    control, asked = caller.control, caller.arguments
    told = Told(asked.agent, asked.model, tuple(asked.prompts)).bounded()
    upload = _upload(control, caller, told, asked.message)
    answer, commit = control.uploads.take(caller.identity, asked.app, upload)
    with control.store.transaction() as session:
        review = control.reviews.review(session, answer.review)
    return (
        _taken(control, review, commit, answer, asked.branch) if answer.accepted else _refused(control, review, answer)
    )


def _taken(control: ControlPlane, review: StoredReview, commit: str, answer: PushAnswer, branch: str) -> Answer:
    faults = [of_stored(finding) for finding in review.findings]
    lines = [
        f"taken: {branch or MAIN} of {review.app} is at {commit}, its preview is starting, its review {review.id} "
        "is signed",
        *(line for line in answer.lines[3:] if line),
        *fault_lines(faults),
        "next: submit_change without a branch brings it to main, from where it can be deployed"
        if branch
        else "next: request_approval brings it to production once somebody else has agreed",
    ]
    data = {**_review_data(control, review, faults), "accepted": True, "commit": commit, "branch": branch or MAIN}
    return Answer("\n".join(lines), data)


def _refused(control: ControlPlane, review: StoredReview, answer: PushAnswer) -> Answer:
    faults = [of_stored(finding) for finding in review.findings]
    blocking = sum(fault.blocking for fault in faults)
    lines = [
        f"refused: {count(blocking, 'finding')} to mend; nothing was taken",
        *fault_lines(faults),
        *_failed(review.could_not_review),
        "next: mend these and call submit_change again on the same base",
    ]
    data = {**_review_data(control, review, faults), "accepted": answer.accepted}
    return Answer("\n".join(lines), data, failed=True)


def _findings(caller: Caller[FindingsArguments]) -> Answer:
    control, asked = caller.control, caller.arguments
    if bool(asked.review) == bool(asked.app):
        raise InvalidInputError("say which review: its id, or the app for the newest", hint="one of the two")
    with control.store.transaction() as session:
        if asked.app:
            app = control.catalog.readable_app(session, caller.identity, asked.app)
            review = control.reviews.latest(session, app.path)
        else:
            review = control.reviews.review(session, asked.review)
            control.catalog.readable_app(session, caller.identity, review.app)
    if review is None:
        return Answer("nothing was reviewed yet", {"app": asked.app})
    faults = [of_stored(finding) for finding in review.findings]
    blocking = sum(fault.blocking for fault in faults)
    state = "passed" if review.passed else f"refused, {count(blocking, 'finding')} to mend"
    lines = [
        f"{review.id} of {review.app} at {review.commit[:12]}: {state}",
        *fault_lines(faults),
        *_failed(review.could_not_review),
    ]
    return Answer("\n".join(lines), {**_review_data(control, review, faults), "accepted": review.passed})


def _upload(control: ControlPlane, caller: Caller[Any], told: Told, message: str) -> Upload:
    asked: ChangeArguments = caller.arguments
    patch = Patch(_contents(asked.files), asked.removed)
    files = control.uploads.patched(caller.identity, asked.app, asked.base, patch, asked.branch)
    return Upload(files, message, asked.base, told, _DOOR, asked.branch)


def _contents(files: Mapping[str, FileArgument]) -> dict[str, NewContent]:
    return {path: NewContent(_content(path, file), file.executable) for path, file in files.items()}


def _content(path: str, file: FileArgument) -> bytes:
    if (file.text is None) == (file.base64 is None):
        raise InvalidInputError(f"'{path[:120]}' has neither text nor base64, or both", hint="say one of them")
    if file.text is not None:
        return file.text.encode()
    try:
        return base64.b64decode(file.base64 or "", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError(f"'{path[:120]}' is not base64", hint="encode it with RFC 4648, section 4") from None


def _faults_of(report: Report) -> list[Fault]:
    blocking = {id(finding) for finding in report.blocking}
    return [of_found(finding, blocking=id(finding) in blocking) for finding in report.findings]


def _failed(names: tuple[str, ...]) -> list[str]:
    return [f"could not review: {name}; nothing passes until it can" for name in names]


def _review_data(control: ControlPlane, review: StoredReview, faults: list[Fault]) -> dict[str, Any]:
    return {
        "app": review.app,
        "tree": review.tree,
        "review": review.id,
        "review_url": f"{control.settings.public_url}/reviews/{review.id}",
        "signed": review.verdict is not None,
        "findings": [fault.data for fault in faults],
        "could_not_review": list(review.could_not_review),
    }


REVIEW_CHANGE = Tool(
    "review_change",
    "Review a change",
    "Run the whole review on a change without sending it: what is wrong, where, and how to mend it. Nothing is "
    "changed. Call it until nothing blocks.",
    ChangeArguments,
    in_thread(_review),
)
SUBMIT_CHANGE = Tool(
    "submit_change",
    "Send a change",
    "Send a change of an app: new and changed files on top of the commit that main is at. It goes through the same "
    "review as every push; what blocks is refused with findings to mend, what passes becomes main (or the branch that "
    "you name) and a preview. Say which model you are and what the person asked for: it is kept in the app's history.",
    SubmitArguments,
    _submit,
    reads=False,
)
FINDINGS = Tool(
    "findings",
    "Findings of a review",
    "Return what a review found, with why it matters and how to mend it.",
    FindingsArguments,
    in_thread(_findings),
)
