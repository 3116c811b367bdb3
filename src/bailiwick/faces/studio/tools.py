"""The tools of the draft: look, write, have it reviewed, show it, and ask for the deploy."""

import asyncio
from typing import Annotated, Any

from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from bailiwick.control.studio import DraftError
from bailiwick.faces.house_rules import integration_lines, usable_integrations
from bailiwick.faces.mcp.tool import Answer, Arguments
from bailiwick.faces.mcp.words import plain
from bailiwick.faces.studio.desk import Desk, DeskTool
from bailiwick.faces.studio.sending import preview_status, review_draft, send, test_draft

_MOST_SHOWN = 40_000
_MOST_LISTED = 400
# Once in a second.
_STARTING_LOOKS = 20
Path = Annotated[str, Field(min_length=1, max_length=400, description="folder/file.py, from the root of the app")]
Message = Annotated[str, Field(min_length=1, max_length=2000, description="what changed and why, in a sentence")]


class NoArguments(Arguments):
    """Nothing."""


class PathArguments(Arguments):
    """Which file."""

    path: Path


class ReadArguments(PathArguments):
    """Which file, and from which line on."""

    first_line: Annotated[int, Field(ge=1)] = 1


class WriteArguments(PathArguments):
    """Which file, and all that it holds from now on."""

    text: str


class EditArguments(PathArguments):
    """Which file, the text in it that goes, and what comes in its place."""

    old: Annotated[str, Field(min_length=1, description="stands in the file exactly once")]
    new: str


class MessageArguments(Arguments):
    """What is said of the change."""

    message: Message


async def _list(desk: Desk, _: Any) -> Answer:
    files = sorted(desk.draft.files.items())
    lines = [f"{path}  {item.size:,} bytes" for path, item in files[:_MOST_LISTED]]
    if len(files) > _MOST_LISTED:
        lines.append(f"and {len(files) - _MOST_LISTED} more")
    return Answer("\n".join(lines) or "the draft is empty")


async def _read(desk: Desk, asked: ReadArguments) -> Answer:
    text = await run_in_threadpool(desk.draft.text, asked.path)
    lines = text.split("\n")[asked.first_line - 1 :]
    shown: list[str] = []
    room = _MOST_SHOWN
    for line in lines:
        room -= len(line) + 1
        if room < 0 and shown:
            shown.append(f"[cut here: go on with first_line {asked.first_line + len(shown)}]")
            break
        shown.append(line[:_MOST_SHOWN])
    return Answer("\n".join(shown))


async def _write(desk: Desk, asked: WriteArguments) -> Answer:
    await run_in_threadpool(desk.draft.write, asked.path, asked.text)
    return Answer(f"{asked.path} has {asked.text.count(chr(10)) + 1} lines now")


async def _edit(desk: Desk, asked: EditArguments) -> Answer:
    text = await run_in_threadpool(desk.draft.text, asked.path)
    found = text.count(asked.old)
    if found != 1:
        raise DraftError(f"the text to replace stands {found} times in {asked.path}", hint="quote more of it, exactly")
    await run_in_threadpool(desk.draft.write, asked.path, text.replace(asked.old, asked.new))
    return Answer(f"{asked.path} is changed")


async def _delete(desk: Desk, asked: PathArguments) -> Answer:
    await run_in_threadpool(desk.draft.delete, asked.path)
    return Answer(f"{asked.path} is gone")


async def _integrations(desk: Desk, _: Any) -> Answer:
    def describe() -> list[str]:
        picked = set(desk.conversation.integrations)
        usable = [item for item in usable_integrations(desk.control, desk.agent) if item.name in picked]
        return [line for item in usable for line in integration_lines(desk.control, item)]

    lines = await run_in_threadpool(describe)
    return Answer("\n".join(lines) or "No business system was picked for this conversation: the person picks them.")


async def _review(desk: Desk, _: Any) -> Answer:
    return await run_in_threadpool(review_draft, desk)


async def _tests(desk: Desk, _: Any) -> Answer:
    return await run_in_threadpool(test_draft, desk)


async def _show(desk: Desk, asked: MessageArguments) -> Answer:
    return await send(desk, asked.message, desk.conversation.branch)


async def _status(desk: Desk, _: Any) -> Answer:
    for _look in range(_STARTING_LOOKS):
        answer = await run_in_threadpool(preview_status, desk)
        if not answer.data.get("starting"):
            return answer
        await asyncio.sleep(1)
    return answer


async def _deploy(desk: Desk, asked: MessageArguments) -> Answer:
    answer = await run_in_threadpool(review_draft, desk)
    if answer.failed:
        return answer
    # What a model reads may say anything: only a person's own click sends a draft on its way to production.
    return Answer(f"the person is asked, with the words: {plain(asked.message)}\nnext: say so, and wait")


DESK_TOOLS: tuple[DeskTool[Any], ...] = (
    DeskTool("list_files", "List the files of the draft.", NoArguments, _list),
    DeskTool("read_file", "Read a file of the draft, from a line on.", ReadArguments, _read),
    DeskTool("write_file", "Write a file of the draft whole, a new one or one that is there.", WriteArguments, _write),
    DeskTool("edit_file", "Replace a text that stands exactly once in a file of the draft.", EditArguments, _edit),
    DeskTool("delete_file", "Take a file out of the draft.", PathArguments, _delete),
    DeskTool(
        "describe_integrations",
        "Return the business systems that the person picked for this app, and what each offers.",
        NoArguments,
        _integrations,
    ),
    DeskTool(
        "review_draft",
        "Run the whole review on the draft: what is wrong, where, and how to mend it. Nothing is taken.",
        NoArguments,
        _review,
    ),
    DeskTool(
        "run_tests",
        "Run the app's own tests in a sandbox without network, once nothing in the review blocks. Without "
        'tests = "pytest" or "unittest" below [app] there are none.',
        NoArguments,
        _tests,
    ),
    DeskTool(
        "show_preview",
        "Send the draft through the review; what passes becomes a preview that the person sees.",
        MessageArguments,
        _show,
    ),
    DeskTool("preview_status", "Say how the preview is doing, and why it does not run.", NoArguments, _status),
    DeskTool(
        "ask_for_deploy",
        "Ask the person to send the draft towards production: they press the button, and somebody else decides.",
        MessageArguments,
        _deploy,
    ),
)
