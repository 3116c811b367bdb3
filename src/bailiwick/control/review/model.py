"""Changes, findings and reports, as plain values."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.grants import ClassedAccess
from bailiwick.core.offer import own_runtime
from bailiwick.core.redaction_rules import OwnRules
from bailiwick.core.severity import Severity as Severity  # noqa: PLC0414 - everybody who reviews takes it from here

BLOCKING = Severity.MEDIUM
# What this engine finds is a secret of the vault: nobody may let it pass.
VAULT_ENGINE = "vault-values"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is called, how bad, why, how to mend it, and where it is catalogued.

    What breaks a rule that is not `waivable` passes with no waiver: it could not be reviewed, or would not be what was.
    """

    id: str
    severity: Severity
    why: str
    fix: str
    cwe: str = ""
    owasp: str = ""
    waivable: bool = True


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
    how many levels the severity is raised (or lowered, below 0) by what the app can reach; `alike` is how many findings
    of the same rule on an equal line come before it in the file.
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
    alike: int = 0

    @property
    def severity(self) -> Severity:
        """How bad it is here."""
        return Severity(min(max(self.rule.severity + self.worse, Severity.LOW), Severity.CRITICAL))

    @property
    def fingerprint(self) -> str:
        """An id that stays the same when the line moves or is indented anew, not when its file gets another name.

        16 hex digits, over rule, path and text, and the number among equal lines.
        """
        text = " ".join(self.excerpt.split()) or self.message
        content = "\0".join([self.rule.id, self.path, self.commit, text, str(self.alike)])
        return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:16]

    @property
    def flow(self) -> str:
        """A digest of the way that a value takes to the line, wherever its lines are; empty without one."""
        if not self.steps:
            return ""
        way = "\0".join(f"{step.path}\0{step.words}" for step in self.steps)
        return hashlib.sha256(way.encode(errors="surrogatepass")).hexdigest()[:16]

    @property
    def waivable(self) -> bool:
        """Whether a waiver can let it pass."""
        return self.rule.waivable and self.engine != VAULT_ENGINE


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver that is in force: one finding of one app passes until a time.

    It was given for the way that a value took to the line then, and for how bad that was: neither for another way to
    the same line, nor for what became worse.
    """

    id: str
    fingerprint: str
    until: datetime
    flow: str = ""
    severity: Severity = Severity.CRITICAL

    def covers(self, finding: Finding) -> bool:
        """Whether it lets a finding pass."""
        same = finding.fingerprint == self.fingerprint and finding.flow == self.flow
        return same and finding.waivable and finding.severity <= self.severity


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


@dataclass(frozen=True, slots=True)
class Opened:
    """A capability that is open for the app, by the name of its rule, and its last day."""

    capability: str
    until: date


@dataclass(frozen=True, slots=True)
class StandardText:
    """A coding standard that is in force for the app: its name, version, where it stands, and its text."""

    name: str
    version: int
    scope: str
    text: str


@dataclass(frozen=True)
class Surroundings:
    """What a review goes by besides the change itself. Plain data: engines in other processes get it too.

    `app` is the path of the app, empty where no server knows it. `day` is today, in UTC. `packages` is what the
    organisation says of packages, `opened` what the app may do that apps may not,
    `standards` the coding standards that are in force where it stands, `classes` what integrations bring, of those
    whose columns somebody classified, `runtimes` what apps can run on here, `own` which values are the organisation's.
    """

    app: str = ""
    day: date = date.min
    packages: PackagePolicy = field(default_factory=PackagePolicy)
    opened: tuple[Opened, ...] = ()
    standards: tuple[StandardText, ...] = ()
    classes: tuple[ClassedAccess, ...] = ()
    runtimes: tuple[str, ...] = field(default_factory=lambda: (own_runtime(),))
    own: OwnRules = field(default_factory=OwnRules)


@dataclass(frozen=True)
class Report:
    """What a review found. `could_not_review` names engines that failed: then nothing may pass.

    `waivers` are those in force for the app; each covers one finding and no other that looks the same. `slower` names
    the engines among those that read it for which no push waits.
    """

    tree: str
    findings: tuple[Finding, ...]
    could_not_review: tuple[str, ...] = ()
    engines: dict[str, str] = field(default_factory=dict)
    waivers: tuple[Waived, ...] = ()
    slower: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing blocks."""
        return not self.could_not_review and not self.blocking

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that block."""
        waived = self.waived
        return tuple(
            finding
            for place, finding in enumerate(self.findings)
            if finding.severity >= BLOCKING and place not in waived
        )

    @property
    def waived(self) -> dict[int, Waived]:
        """The waiver of each finding that passes by one, by the place of the finding."""
        free = {waiver.fingerprint: waiver for waiver in self.waivers}
        covered = {}
        for place, finding in enumerate(self.findings):
            waiver = free.get(finding.fingerprint)
            if waiver is not None and finding.severity >= BLOCKING and waiver.covers(finding):
                covered[place] = free.pop(finding.fingerprint)
        return covered
