"""Gathers what freezes must know of releases: packages from rows or files, findings from reviews."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bailiwick.control.catalog import CatalogService
from bailiwick.control.freeze.matching import Facts
from bailiwick.control.freeze.model import Freeze, FreezeKind
from bailiwick.control.release import (
    UNREADABLE,
    RunningRelease,
    Sources,
    contents_known,
    mark_unreadable,
    packages_in,
    remember_contents,
)
from bailiwick.control.review import contents_of, trees_free_of
from bailiwick.core.artifacts import TreeFile

_LOG = logging.getLogger("bailiwick.freeze")


@dataclass(frozen=True)
class FactFinder:
    """Reads no more than the freezes at hand ask for."""

    catalog: CatalogService
    sources: Sources

    def gather(self, session: Session, freezes: Sequence[Freeze], targets: Sequence[RunningRelease]) -> list[Facts]:
        """Return the facts of releases, in their order; one that was not packed yet has an empty id."""
        packages = sorted({(it.scope.ecosystem, it.scope.subject) for it in _of(freezes, FreezeKind.PACKAGE)})
        rules = sorted({item.scope.subject for item in _of(freezes, FreezeKind.RULE)})
        trees = {(target.app, target.tree) for target in targets}
        free = {rule: trees_free_of(session, rule, trees) for rule in rules}
        plain = [
            Facts(
                target.app,
                target.integrations,
                free_of={rule: (target.app, target.tree) in free[rule] for rule in rules},
            )
            for target in targets
        ]
        return self._with_packages(session, packages, targets, plain) if packages else plain

    def _with_packages(
        self,
        session: Session,
        packages: Sequence[tuple[str, str]],
        targets: Sequence[RunningRelease],
        plain: Sequence[Facts],
    ) -> list[Facts]:
        known = {target.release: self._known(session, target) for target in targets if target.release}
        contained = packages_in(session, known, packages) if known else {}
        found = []
        for target, facts in zip(targets, plain, strict=True):
            if target.release:
                held, unread = contained.get(target.release, []), known[target.release] == UNREADABLE
            else:
                contents = contents_of(self._files(session, target))
                held, unread = list(contents.packages), bool(contents.unreadable)
            found.append(replace(facts, packages=tuple(held), unread=unread))
        return found

    def _known(self, session: Session, target: RunningRelease) -> str:
        """Return what is known of a release's packages, once they were read: older releases are read here."""
        if target.contents:
            return target.contents
        return contents_known(session, target.release) or self.read(session, target)

    def read(self, session: Session, target: RunningRelease) -> str:
        """Read the packages of a release from its files and keep them; return what is known of them now.

        A release whose files cannot be read must not keep others from being frozen: it is covered by every package.
        """
        try:
            files = self._files(session, target)
        except Exception:
            _LOG.exception("the packages of %s of %s cannot be read", target.release, target.app)
            mark_unreadable(session, target.release)
        else:
            remember_contents(session, target.release, files)
        return contents_known(session, target.release)

    def _files(self, session: Session, target: RunningRelease) -> Sequence[TreeFile]:
        return self.sources.files(self.catalog.app(session, target.app), target.commit)


def _of(freezes: Sequence[Freeze], kind: FreezeKind) -> list[Freeze]:
    return [item for item in freezes if item.scope.kind is kind]
