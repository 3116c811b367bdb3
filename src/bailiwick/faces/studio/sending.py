"""A draft on its way: to the review, to the preview of its own branch, and to main with the question for a deploy."""

from dataclasses import replace

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.previews import PreviewState
from bailiwick.control.release import Deploy
from bailiwick.control.review import StoredReview
from bailiwick.control.source import Told, Upload
from bailiwick.control.studio import Conversation, DraftError, Kind, TurnLog
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.manifest import FILE_NAME, parse_manifest
from bailiwick.core.principals import Identity
from bailiwick.faces.mcp.tool import Answer
from bailiwick.faces.mcp.words import count as counted
from bailiwick.faces.mcp.words import fault_lines, of_found, of_stored
from bailiwick.faces.studio.desk import Desk

DOOR = "studio"
_AGENT_NAME = "studio"
_MOST_PROMPTS = 10


def sent_models(control: ControlPlane, session: Session, conversation: Conversation) -> list[str]:
    """Return every model that wrote in a conversation: none of their families may review what came of it."""
    said = [step.content for step in control.studio.steps(session, conversation.id) if step.content.kind is Kind.SAID]
    names = dict.fromkeys(item.spent.model for item in said if item.spent.model)
    known = {model.name: model.model for model in control.planes.models.states(session)}
    if conversation.model in known:
        names[known[conversation.model]] = None
    return list(names)


def upload_of(desk: Desk, message: str, branch: str) -> Upload:
    """Return a draft as it is sent; raise `DraftError` where it uses a system that the person did not pick."""
    files = desk.draft.tree_files()
    manifest = next((file.content for file in files if file.path == FILE_NAME), None)
    if manifest is None:
        raise DraftError(f"the draft has no {FILE_NAME}", hint="house_rules says how it is written")
    declared = parse_manifest(manifest.decode(errors="replace"))
    used = {use.use for use in declared.integrations.values()} - set(desk.conversation.integrations)
    if used:
        raise DraftError(
            f"{FILE_NAME} asks for {', '.join(sorted(used))}, which the person did not pick for this conversation",
            hint="do without, or ask the person to pick it in the studio",
        )
    base = "" if branch else desk.conversation.base
    return Upload(files, message, base, _told(desk), DOOR, branch)


def _told(desk: Desk) -> Told:
    with desk.control.store.transaction() as session:
        steps = desk.control.studio.steps(session, desk.conversation.id)
        models = sent_models(desk.control, session, desk.conversation)
    asked = [step.content.text for step in steps if step.content.kind is Kind.ASKED]
    return Told(_AGENT_NAME, ", ".join(models), tuple(asked[-_MOST_PROMPTS:])).bounded()


def review_draft(desk: Desk) -> Answer:
    """Have a draft reviewed as it would be when it is sent; nothing is taken."""
    control, app = desk.control, desk.conversation.app
    try:
        report = control.uploads.try_out(desk.agent, app, upload_of(desk, "Tried", desk.conversation.branch))
    except ConflictError:
        return Answer("these files are what was taken before: there is nothing new to review")
    blocking = {id(finding) for finding in report.blocking}
    faults = [of_found(finding, blocking=id(finding) in blocking) for finding in report.findings]
    head = (
        "nothing blocks: show_preview would be taken"
        if report.passed
        else f"{counted(len(blocking), 'finding')} to mend"
    )
    lines = [head, *fault_lines(faults), *_unread(report.could_not_review)]
    return Answer("\n".join(lines), failed=not report.passed)


def test_draft(desk: Desk) -> Answer:
    """Run the app's own tests, where a release is built: only of what the review would let in."""
    answer = review_draft(desk)
    if answer.failed:
        return Answer(f"the tests were not run: {answer.text}", failed=True)
    result = desk.control.tester.test(desk.draft.tree_files())
    if result is None:
        return Answer("the app declares no tests")
    return Answer(f"the tests pass: {result['counts']}")


async def send(desk: Desk, message: str, branch: str) -> Answer:
    """Send a draft through the gate to its branch, or to main where none is named."""
    app = await run_in_threadpool(desk.control.uploads.require_push, desk.agent, desk.conversation.app)
    async with desk.control.hooks.turn(app.path):
        return await run_in_threadpool(_take, desk, message, branch)


def _take(desk: Desk, message: str, branch: str) -> Answer:
    control, conversation = desk.control, desk.conversation
    if not branch:
        _require_base(desk)
    answer, commit = control.uploads.take(desk.agent, conversation.app, upload_of(desk, message, branch))
    with control.store.transaction() as session:
        review = control.reviews.review(session, answer.review)
        models = sent_models(control, session, conversation)
    if not answer.accepted:
        return _refused(review)
    desk.log.remember_revision(commit, models)
    if not branch:
        desk.log.remember_base(commit)
        desk.conversation = replace(conversation, base=commit)
    faults = [of_stored(finding) for finding in review.findings]
    where = f"its preview is starting at {preview_address(control, conversation)}" if branch else "main is at it"
    lines = [f"taken as {commit[:12]}: {where}", *fault_lines(faults)]
    lines += ["next: preview_status says whether it runs"] if branch else []
    return Answer("\n".join(lines), {"app": conversation.app, "commit": commit})


def _require_base(desk: Desk) -> None:
    """Raise where main moved on since the draft began: sending it would take back what somebody else did."""
    with desk.control.store.transaction() as session:
        app = desk.control.catalog.readable_app(session, desk.agent, desk.conversation.app)
        head = desk.control.source.head(session, app)
    if head is not None and head.commit != desk.conversation.base:
        raise ConflictError(
            "main has moved on since this draft began: sending it would take back what came since",
            hint="the person begins another conversation, which starts from what main is now",
        )


def preview_address(control: ControlPlane, conversation: Conversation) -> str:
    """Return where the preview of a conversation answers, empty where it has none now."""
    with control.store.transaction() as session:
        host = control.previews.register.live_host(session, conversation.app, conversation.branch)
    return control.settings.preview_url.format(host=host) if host is not None else ""


def preview_status(desk: Desk) -> Answer:
    """Say how the preview of a conversation is doing."""
    with desk.control.store.transaction() as session:
        found = desk.control.previews.list(session, desk.agent, desk.conversation.app)
    mine = [item for item in found if item.branch == desk.conversation.branch]
    if not mine:
        return Answer("there is no preview yet; show_preview makes one")
    words = f": {mine[0].words}" if mine[0].words else ""
    failed = mine[0].status in {"failed", "refused"}
    starting = mine[0].state == PreviewState.LIVE and mine[0].status == "starting" and _has_editor(desk.control)
    return Answer(f"{mine[0].state}, {mine[0].status}{words}", {"starting": starting}, failed=failed)


def _has_editor(control: ControlPlane) -> bool:
    """Return whether a plane that serves previews listens now: else nothing of one is waited for."""
    kinds = control.settings.planes
    return any(
        count and kinds[plane].kind == "editor" for plane, count in control.hub.connected.items() if plane in kinds
    )


async def ask_for_deploy(control: ControlPlane, person: Identity, name: str, message: str) -> Deploy:
    """Bring a draft to main by the gate, and ask that it goes to production, as the person who presses the button."""
    conversation = await run_in_threadpool(control.studio.own_at_rest, person, name)
    agent = await run_in_threadpool(control.studio.agent_for, person)
    log = TurnLog(control.studio, conversation, agent)
    draft = await run_in_threadpool(control.studio.draft, conversation)
    desk = Desk(control, agent, conversation, draft, log, conversation.model)
    try:
        answer = await send(desk, message or conversation.title or "From the studio", "")
    except ConflictError as fault:
        if fault.code != ConflictError.code:
            raise
    else:
        if answer.failed:
            raise InvalidInputError(
                "the review refused the draft: it has findings to mend", hint="ask the agent to mend them"
            )
    return await run_in_threadpool(control.deploys.request, person, conversation.app, "")


def _refused(review: StoredReview) -> Answer:
    faults = [of_stored(finding) for finding in review.findings]
    blocking = sum(fault.blocking for fault in faults)
    lines = [f"refused: {counted(blocking, 'finding')} to mend; nothing was taken", *fault_lines(faults)]
    return Answer("\n".join([*lines, *_unread(review.could_not_review)]), failed=True)


def _unread(names: tuple[str, ...]) -> list[str]:
    return [f"could not review: {name}; nothing passes until it can" for name in names]
