"""Trials: what a draft would have found in the apps that there are, and in what was pushed in the last month."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.review import (
    BLOCKING,
    Finding,
    StandardNotValidError,
    StandardText,
    faults_in_standard,
)
from bailiwick.control.source import PushRecord
from bailiwick.control.standards.model import AppTrial, TrialFinding
from bailiwick.core.clock import Clock
from bailiwick.core.principals import Identity
from bailiwick.store import Store

SPAN = timedelta(days=30)
_MOST_FINDINGS = 50
_MOST_PUSHES = 20

# Reviews the tree of an accepted commit by standards alone; raises `RuntimeError` in words when it could not.
Held = Callable[[App, str, Sequence[StandardText]], tuple[Finding, ...]]


@dataclass(frozen=True)
class StandardTrial:
    """Keeps nothing. A draft is tried as if it blocked already, whatever it says of a warning."""

    store: Store
    authorizer: Authorizer
    catalog: CatalogService
    pushes: Callable[[Session, str], list[PushRecord]]
    held: Held
    clock: Clock

    def apps(self, by: Identity, scope: str) -> list[str]:
        """Return the apps below a scope that somebody may read; whoever may read standards there may try one."""
        with self.store.transaction() as session:
            self.authorizer.require(session, by, "standard.read", scope)
            inside = "" if scope == ORGANIZATION else f"{scope.removeprefix('folder:')}/"
            found = [app.path for app in self.catalog.every_app(session) if app.path.startswith(inside)]
            readable = self.catalog.readable(session, by, found)
            return [path for path in found if path in readable]

    def run(self, by: Identity, *, name: str, scope: str, text: str, app_path: str) -> AppTrial:
        """Return what a draft would have done to one app; raise `StandardNotValidError` when it is no standard."""
        faults = faults_in_standard(name, text)
        if faults:
            raise StandardNotValidError(faults)
        with self.store.transaction() as session:
            self.authorizer.require(session, by, "standard.read", scope)
            app = self.catalog.readable_app(session, by, app_path)
            recent = [item for item in self.pushes(session, app.path) if item.time > self.clock() - SPAN]
            every = self.pushes(session, app.path)
        if not every:
            return AppTrial(app.path, "", False, (), 0, 0, 0, 0)
        draft = (StandardText(name, 0, scope, text),)
        newest = every[-1]
        try:
            found = self.held(app, newest.commit, draft)
            looked = recent[-_MOST_PUSHES:]
            blocked = sum(
                _blocks(found if item.commit == newest.commit else self.held(app, item.commit, draft))
                for item in looked
            )
        except RuntimeError as fault:
            return AppTrial(app.path, newest.commit, True, (), 0, len(recent), 0, len(recent), could_not=str(fault))
        shown = tuple(
            TrialFinding(item.rule.id, item.rule.severity.word, item.path, item.line, item.message)
            for item in found[:_MOST_FINDINGS]
        )
        return AppTrial(
            app=app.path,
            commit=newest.commit,
            blocks=_blocks(found),
            findings=shown,
            more=len(found) - len(shown),
            pushes=len(recent),
            blocked=blocked,
            left_out=len(recent) - len(looked),
        )


def _blocks(found: Sequence[Finding]) -> bool:
    # By the rule's own severity: what a draft only warns of today blocks later.
    return any(item.rule.severity >= BLOCKING for item in found)
