"""Revisions, and where lines come from, as plain values."""

from dataclasses import dataclass

from bailiwick.control.release import Deploy, Release
from bailiwick.control.review import ReviewSummary
from bailiwick.control.source import BlamedLine, CommitRecord, PushRecord
from bailiwick.control.studio import Work


@dataclass(frozen=True, slots=True)
class Revision:
    """A push with what came of it; of a refused one, commits, deploys and releases are empty.

    `review` is the last one of what was taken, which may be another than the one that took it. `work` is what it took
    in the studio, None where it was made elsewhere.
    """

    push: PushRecord
    commits: tuple[CommitRecord, ...]
    review: ReviewSummary | None
    deploys: tuple[Deploy, ...]
    releases: tuple[Release, ...]
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class RevisionPage:
    """Revisions, the newest first, and the cursor of the next page (empty at the end)."""

    revisions: tuple[Revision, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Blame:
    """Why a line is there: the commit that brought it, its push, and what came of that.

    `at` is the commit at which the line was looked up. `commit` and `revision` are None for what came before anything
    was remembered of it.
    """

    app: str
    path: str
    at: str
    line: BlamedLine
    commit: CommitRecord | None
    revision: Revision | None
    in_production_since: Release | None
