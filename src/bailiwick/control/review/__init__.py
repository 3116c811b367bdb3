"""Review: what no author can switch off reads every change."""

from bailiwick.control.review.advisories import (
    Advisories,
    AdvisoriesError,
    Imported,
    Source,
    import_advisories,
    open_advisories,
)
from bailiwick.control.review.advisories.ranges import VersionRange, version_range
from bailiwick.control.review.advisory_service import AdvisoryService, AdvisoryStatus
from bailiwick.control.review.basis import Basis, BasisNow
from bailiwick.control.review.contents import Contained, Contents, contents_of
from bailiwick.control.review.digest import rules_digest
from bailiwick.control.review.fact_file import FactFile
from bailiwick.control.review.folder import read_folder
from bailiwick.control.review.found import rule_was_found, trees_free_of
from bailiwick.control.review.holding import held_to_standards
from bailiwick.control.review.index_service import IndexService, IndexStatus
from bailiwick.control.review.indexes import IndexSource, IndexUnusableError, import_index, open_index
from bailiwick.control.review.keeping import WITHHELD, without_secrets
from bailiwick.control.review.listing import AppFinding, FindingFilter, FindingState, newest_findings
from bailiwick.control.review.merging import merge
from bailiwick.control.review.model import (
    BLOCKING,
    Change,
    Edit,
    Entry,
    Finding,
    Opened,
    PushedBlob,
    Report,
    Rule,
    Severity,
    StandardText,
    Step,
    Surroundings,
    Unread,
    Waived,
)
from bailiwick.control.review.package_policy import PackagePolicy
from bailiwick.control.review.reviewer import Layer, review, slower_engines
from bailiwick.control.review.rules import rule, rules
from bailiwick.control.review.running import Limits, ReviewPool
from bailiwick.control.review.sarif import as_sarif
from bailiwick.control.review.sbom import MEDIA_TYPE as SBOM_MEDIA_TYPE
from bailiwick.control.review.sbom import bill_of_materials
from bailiwick.control.review.scan import scan_of
from bailiwick.control.review.service import PUSHED, ReviewService, ReviewSummary, Standing, StoredFinding, StoredReview
from bailiwick.control.review.standards import StandardNotValidError, read_standard
from bailiwick.control.review.standards import faults_in as faults_in_standard
from bailiwick.control.review.words import Style, finding_lines, refusal_lines, unpainted

__all__ = [
    "BLOCKING",
    "PUSHED",
    "SBOM_MEDIA_TYPE",
    "WITHHELD",
    "Advisories",
    "AdvisoriesError",
    "AdvisoryService",
    "AdvisoryStatus",
    "AppFinding",
    "Basis",
    "BasisNow",
    "Change",
    "Contained",
    "Contents",
    "Edit",
    "Entry",
    "FactFile",
    "Finding",
    "FindingFilter",
    "FindingState",
    "Imported",
    "IndexService",
    "IndexSource",
    "IndexStatus",
    "IndexUnusableError",
    "Layer",
    "Limits",
    "Opened",
    "PackagePolicy",
    "PushedBlob",
    "Report",
    "ReviewPool",
    "ReviewService",
    "ReviewSummary",
    "Rule",
    "Severity",
    "Source",
    "StandardNotValidError",
    "StandardText",
    "Standing",
    "Step",
    "StoredFinding",
    "StoredReview",
    "Style",
    "Surroundings",
    "Unread",
    "VersionRange",
    "Waived",
    "as_sarif",
    "bill_of_materials",
    "contents_of",
    "faults_in_standard",
    "finding_lines",
    "held_to_standards",
    "import_advisories",
    "import_index",
    "merge",
    "newest_findings",
    "open_advisories",
    "open_index",
    "read_folder",
    "read_standard",
    "refusal_lines",
    "review",
    "rule",
    "rule_was_found",
    "rules",
    "rules_digest",
    "scan_of",
    "slower_engines",
    "trees_free_of",
    "unpainted",
    "version_range",
    "without_secrets",
]
