"""What happened to an app, newest first: pushes and their reviews, deploys and their decisions, stops and revivals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.audit import LoggedEvent
from bailiwick.control.release import Deploy
from bailiwick.control.source import PushRecord
from bailiwick.faces.console.words import State, state

_MOST = 40


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, what in words, who did it, its state, and where to read on."""

    time: datetime
    what: str
    who: str
    state: State
    detail: str = ""
    quote: str = ""
    link: str = ""
    link_words: str = ""


def timeline(
    pushes: Sequence[PushRecord], deploys: Sequence[Deploy], stops: Sequence[LoggedEvent]
) -> tuple[Moment, ...]:
    """Return what happened, newest first."""
    moments = [_push(push) for push in pushes]
    moments += [moment for deploy in deploys for moment in _deploy(deploy)]
    moments += [_stop(stop) for stop in stops]
    return tuple(sorted(moments, key=lambda moment: moment.time, reverse=True)[:_MOST])


def _push(push: PushRecord) -> Moment:
    return Moment(
        time=push.time,
        what=f"Push {push.commit[:10]}{f' to {push.branch}' if push.branch else ''}: {push.subject}",
        who=push.author,
        state=state("passed" if push.accepted else "refused"),
        detail=f"written with {push.agent}" if push.agent else "",
        quote=push.prompt,
        link=f"/pushes/{push.id}",
        link_words="what it changed",
    )


def _deploy(deploy: Deploy) -> Iterator[Moment]:
    link = f"/approvals/{deploy.id}"
    first = "First deploy" if deploy.first_deploy else "Deploy"
    first = f"EMERGENCY: {first.lower()}" if deploy.emergency else first
    asked = f"{first} of {deploy.commit[:10]} asked for"
    yield Moment(deploy.requested_at, asked, deploy.requested_by, state("asked"), link=link, link_words="deploy")
    if deploy.decided_at is not None:
        verb = "approved" if deploy.release else "rejected"
        words = f"{'Emergency deploy' if deploy.emergency else 'Deploy'} of {deploy.commit[:10]} {verb}"
        yield Moment(
            deploy.decided_at, words, deploy.decided_by, state(deploy.state.value), deploy.reason, "", link, "deploy"
        )


def _stop(logged: LoggedEvent) -> Moment:
    event = logged.event
    killed = event.action == "app.killed"
    by_itself = " by itself" if event.context.get("automatic") else ""
    return Moment(
        time=event.time,
        what=f"Stopped{by_itself}" if killed else "Brought back",
        who=event.actor,
        state=state("killed") if killed else State("revived", "good"),
        detail=event.reason,
        link=f"/audit?resource={event.resource}&action={event.action}",
        link_words="audit",
    )
