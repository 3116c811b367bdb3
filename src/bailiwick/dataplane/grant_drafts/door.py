"""The plane's page that shows a draft of a grant: who may, the real rows under the real rewriting, and that it is told.

Rows go from the database through this process to the browser of the person who looks, and nowhere else: the control
plane, which made the draft, sees none.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, NotAuthenticatedError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import DesiredState, GrantPreview, SystemState
from bailiwick.core.passes import GRANTS_LABEL, GRANTS_MODE, read_pass
from bailiwick.core.policy import Decision, PoliciesInForce, Resource, StepUp
from bailiwick.core.principals import Identity
from bailiwick.dataplane.grant_drafts.page import preview_page
from bailiwick.dataplane.grant_drafts.rows import TableRows, read_rows
from bailiwick.dataplane.grant_drafts.systems import Systems
from bailiwick.dataplane.router import OwnAnswer, Page, RequestHead, SignIn
from bailiwick.dataplane.router.sign_in import CALLBACK_PATH, PASS_COOKIE, SIGN_OUT_PATH
from bailiwick.dataplane.router.wire import cookies

_SECONDS = 20.0
_MOST_AT_ONCE = 2
_GONE = "There is no draft to show here, or its time is over."
_AGAIN = "Ask for the preview again in the console: bailiwick integration preview, or the button beside the draft."


@dataclass(frozen=True, slots=True)
class _Purpose:
    app: str
    mode: Literal["grants"] = GRANTS_MODE
    branch: str = ""


@dataclass(frozen=True, slots=True)
class _Here:
    host: str
    state: _Purpose


class PreviewDoor:
    """Serves `bailiwick-grants` below the plane's suffix. Only people get in, and policy is asked at each request."""

    def __init__(
        self,
        *,
        plane: str,
        host_suffix: str,
        systems: Systems,
        engine: PoliciesInForce,
        pass_key: Callable[[], str],
        desired: Callable[[], DesiredState | None],
        sign_in: SignIn,
        emit: Callable[[AuditEvent], None],
        clock: Clock,
    ) -> None:
        self._plane = plane
        self._here = _Here(f"{GRANTS_LABEL}.{host_suffix}", _Purpose(plane))
        self._systems = systems
        self._engine = engine
        self._pass_key = pass_key
        self._desired = desired
        self._sign_in = sign_in
        self._emit = emit
        self._clock = clock
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)

    @property
    def host(self) -> str:
        """The whole name of the host."""
        return self._here.host

    async def answer(self, head: RequestHead, address: str) -> OwnAnswer | Page:
        """Return the draft with its rows, or the page that says why not."""
        if head.method != "GET":
            return Page(405, "Drafts are looked at, nothing else.", title="This method is not taken")
        if head.get(b"sec-fetch-dest") not in {"", "document"}:
            # Another page would have it as a picture or a frame: an app at a host beside this one counts as same site.
            return Page(403, "Drafts are opened as pages of their own only.", title="This is no place for it")
        if head.path == CALLBACK_PATH:
            return await self._sign_in.finish(self._here, head)
        if head.path == SIGN_OUT_PATH:
            return self._sign_in.sign_out()
        try:
            viewer = self._viewer(head, address)
        except NotAuthenticatedError:
            return self._begin(head, StepUp())
        return await self._show(head, viewer)

    def _viewer(self, head: RequestHead, address: str) -> Identity:
        """Return whose pass a request shows: one for this very page, for an app's is none here, nor this one there."""
        token = cookies(head.get(b"cookie")).get(PASS_COOKIE, "")
        if not token:
            raise NotAuthenticatedError("nobody is signed in")
        content = read_pass(token, self._pass_key(), app=self._plane, mode=GRANTS_MODE, now=self._clock())
        state = self._desired()
        if state is None or content.identity.is_revoked(state.epochs):
            raise NotAuthenticatedError("this sign-in was revoked")
        return replace(content.identity, address=address)

    def _begin(self, head: RequestHead, wanted: StepUp) -> Page:
        state = self._desired()
        return self._sign_in.begin(self._here, head, state.sign_in_url if state is not None else "", wanted)

    async def _show(self, head: RequestHead, viewer: Identity) -> OwnAnswer | Page:
        found = self._systems.preview(head.path.removeprefix("/"))
        if found is None:
            return Page(404, _GONE, _AGAIN, title="Nothing to show")
        system, preview = found
        decision = self._decide(viewer, system)
        if decision.step_up is not None and not self._sign_in.was_in_vain(head, decision.step_up):
            return self._begin(head, decision.step_up)
        if not decision.allowed:
            self._note(viewer, system, preview, outcome=Outcome.REFUSED, decision=decision)
            words = "Rows of a draft are shown to those who may give the grant and may preview."
            return Page(403, decision.reason, words, deciders=decision.deciders, title="You may not see these rows")
        if self._turns.locked():
            return Page(503, "Others look at drafts just now.", "Try again in a moment.", title="Too many at once")
        async with self._turns:
            return await self._read(viewer, system, preview, decision)

    def _decide(self, viewer: Identity, system: SystemState) -> Decision:
        """Decide whether somebody may see rows: they may give the grant, and may preview. The first no counts."""
        resource = Resource("Integration", f"integration:{system.name}", system.roles)
        give = self._engine.decide(viewer, "grant.give", resource, {"app": ""})
        if not give.allowed:
            return give
        return self._engine.decide(viewer, "grant.preview", resource, {"plane": self._plane})

    async def _read(
        self, viewer: Identity, system: SystemState, preview: GrantPreview, decision: Decision
    ) -> OwnAnswer | Page:
        try:
            keyed = preview.grant.is_keyed
            connected = self._systems.connected(system.connection, "preview", keyed=keyed)
            async with asyncio.timeout(_SECONDS), connected as connection:
                found = await read_rows(connection, preview, viewer)
        except (BailiwickError, OSError, TimeoutError) as fault:
            words = fault.message if isinstance(fault, BailiwickError) else "The database did not answer in time."
            self._note(viewer, system, preview, outcome=Outcome.FAILED, decision=decision)
            return Page(502, words, "Try again in a moment.", title="The rows could not be read")
        # Told before anything is shown: who has seen rows is in the audit, whatever becomes of the answer.
        self._note(viewer, system, preview, outcome=Outcome.SUCCESS, decision=decision, found=found)
        return preview_page(self._plane, system.name, preview, found)

    def _note(
        self,
        viewer: Identity,
        system: SystemState,
        preview: GrantPreview,
        *,
        outcome: Outcome,
        decision: Decision,
        found: list[TableRows] | None = None,
    ) -> None:
        shown = [item for item in found or [] if item.answer is not None]
        self._emit(
            AuditEvent(
                time=self._clock(),
                tenant=system.tenant,
                actor=str(viewer.principal),
                action="grant.previewed",
                resource=f"integration:{system.name}",
                outcome=outcome,
                reason=decision.reason if outcome is Outcome.REFUSED else "",
                deciders=decision.deciders,
                plane=self._plane,
                client=viewer.address,
                context={
                    "draft": preview.draft,
                    "seen_as": preview.seen_as,
                    "tables": tuple(item.table.relation for item in shown),
                    "rows": sum(len(item.answer.rows) for item in shown if item.answer is not None),
                },
            )
        )
