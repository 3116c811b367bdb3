"""Changes, findings and reports, as plain values."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.core.artifacts import TreeFile


class Severity(IntEnum):
    """How bad a finding is; from MEDIUM on it blocks."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The severity in lower case."""
        return self.name.lower()


BLOCKING = Severity.MEDIUM


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is called, how bad, why, how to mend it, and where it is catalogued."""

    id: str
    severity: Severity
    why: str
    fix: str
    cwe: str = ""
    owasp: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines of a file (from 1, both included) and what to write in their place; `first` after `last` inserts before it.

    Offered only where it changes nothing else.
    """

    path: str
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A place that a value passes on its way to where it does harm, and what happens there in words."""

    path: str
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a line breaks. `commit` is set when the line is not in the tip but in an earlier commit.

    Lines and columns count from 1, columns in characters; 0 stands for the whole file, or the whole line. `worse` says
    how many levels the severity is raised (or lowered, below 0) by what the app can reach.
    """

    rule: Rule
    path: str
    line: int
    message: str
    excerpt: str = ""
    commit: str = ""
    engine: str = ""
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    steps: tuple[Step, ...] = ()
    edit: Edit | None = None
    worse: int = 0

    @property
    def severity(self) -> Severity:
        """How bad it is here."""
        return Severity(min(max(self.rule.severity + self.worse, Severity.LOW), Severity.CRITICAL))

    @property
    def fingerprint(self) -> str:
        """An id that stays the same when the line moves (16 hex digits)."""
        content = "\0".join([self.rule.id, self.path, self.commit, self.excerpt.strip() or self.message])
        return hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a tree as git stores it, before anything about it is believed."""

    path: bytes
    mode: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class PushedBlob:
    """A blob that a push brought, with a commit and path under which it stands."""

    commit: str
    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """Something of a push that was not read, so that nothing of it can pass; `rule` says why."""

    commit: str
    path: str
    words: str
    rule: str = "file-too-large"


@dataclass(frozen=True)
class Change:
    """What is reviewed: the tip's entries and files, every blob of every new commit, and what could not be read."""

    tree: str
    entries: tuple[Entry, ...]
    files: tuple[TreeFile, ...]
    history: tuple[PushedBlob, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What a review goes by besides the change itself. Plain data: engines in other processes get it too.

    `app` is the path of the app, empty where no server knows it. `day` is today, in UTC. `packages` is what the
    organisation says of packages.
    """

    app: str = ""
    day: date = date.min
    packages: PackagePolicy = field(default_factory=PackagePolicy)


@dataclass(frozen=True)
class Report:
    """What a review found. `could_not_review` names engines that failed: then nothing may pass."""

    tree: str
    findings: tuple[Finding, ...]
    could_not_review: tuple[str, ...] = ()
    engines: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing blocks."""
        return not self.could_not_review and not self.blocking

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that block."""
        return tuple(finding for finding in self.findings if finding.severity >= BLOCKING)
