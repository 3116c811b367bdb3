"""One app in one mode as the host keeps it: what it should be, what is up, and whether two states open the same."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.core.branches import instance_name
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import AppState, RequestTrace
from bailiwick.dataplane.agent.instance import Instance
from bailiwick.dataplane.agent.stopped import Key
from bailiwick.dataplane.guard import Watched
from bailiwick.dataplane.router import Site

# What sleeps is up: it goes on with the next request.
UP = frozenset({"running", "asleep", "jobs-only"})


@dataclass
class Served:
    """One app in one mode: what it should be, and what is up now with the manifest of that release.

    `ran` is what last came up, unless it was killed since. `awaits_control` says that it is down because the control
    plane was silent: it starts when that is heard again. `draining` waits for its last requests once it was stopped.
    `slept` is when it fell asleep, by the monotonic clock.
    """

    wanted: AppState
    site: Site
    manifest: Manifest | None = None
    ran: AppState | None = None
    awaits_control: bool = False
    instance: Instance | None = None
    work: asyncio.Task[None] | None = None
    finished: list[RequestTrace] = field(default_factory=list)
    attested: float = 0.0
    slept: float = 0.0
    draining: asyncio.Task[None] | None = None


def opened(state: AppState) -> tuple[object, ...]:
    """Return what is opened to an app, whether its database may lose data for it, how it must be isolated, and to which
    hosts its sandbox trusts the plane's own authority; whether something is switched on is policy's to say, at each
    statement.
    """
    found = tuple(item.model_copy(update={"enabled": True, "stopped": ""}) for item in state.integrations)
    rails = state.guardrails
    return found, state.open_capabilities, state.accept_loss, rails.isolation.level, rails.egress.opened_tls


def in_production(served: Mapping[Key, Served]) -> dict[str, tuple[AppState, Manifest]]:
    """Return what runs in production, by app, each with the manifest of its release."""
    return {
        app: (item.site.state, item.manifest)
        for (app, mode), item in served.items()
        if mode == "production" and item.manifest is not None and item.site.condition in UP
    }


def site_of(
    before: Site, state: AppState, manifest: Manifest, instance: Instance | None, there: Site | None
) -> tuple[Site, str]:
    """Return the site of a release that takes the place of another one, and what is said of it; `there` is that of an
    instance which was up already.
    """
    nothing = "has jobs only" if not manifest.workers else "works by itself"
    site = there or Site(before.host, state, "jobs-only", nothing)
    if instance is not None:
        site.serve(state, instance.socket, instance.files)
        words = f"{instance.how}{'; it was up already' if there is not None else ''}"
    else:
        words = f"it {site.words}: {', '.join((*manifest.jobs, *manifest.workers)) or 'none'}"
    site.declare(manifest)
    site.recent.extend(before.recent)
    return site, words


def key_of(state: AppState) -> Key:
    """Return what an instance of an app is kept under: of each mode, and of each branch of a preview, there is one."""
    return (instance_name(state.app, state.branch), state.mode)


def watched_of(state: AppState) -> Watched:
    """Return an instance as the guard knows it."""
    return Watched(state.app, state.tenant, key_of(state))


def as_signed_now(state: AppState, wanted: AppState) -> AppState:
    """Return what runs with the signatures that are told now: the same release may have been signed again since."""
    if wanted.release != state.release:
        return state
    signed = ("verdict", "approvals", "artifact", "attachments", "rehearsal")
    return state.model_copy(update={name: getattr(wanted, name) for name in signed})


async def end(work: asyncio.Task[None] | None) -> None:
    """Cancel a task and wait until it has cleaned up."""
    if work is not None:
        work.cancel()
        await asyncio.wait([work])
