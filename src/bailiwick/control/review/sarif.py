"""Reviews as SARIF 2.1.0, for editors and code hosts (OASIS standard)."""

import importlib.metadata
from urllib.parse import quote

from bailiwick.control.review.model import Finding, Report, Rule, Severity

_LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


# From which number on code hosts call a finding what: 9 critical, 7 high, 4 medium.
_NUMBERS = {Severity.LOW: "2.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}


def as_sarif(report: Report) -> dict[str, object]:
    """Return a report as a SARIF log."""
    rules = list({finding.rule.id: finding.rule for finding in report.findings}.values())
    places = {rule.id: index for index, rule in enumerate(rules)}
    driver = {
        "name": "Bailiwick",
        "semanticVersion": importlib.metadata.version("bailiwick"),
        "rules": [_rule(rule) for rule in rules],
    }
    failed = [{"level": "error", "message": {"text": words}} for words in report.could_not_review]
    invocation = {"executionSuccessful": not failed, "toolExecutionNotifications": failed}
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        # Columns are counted as Python counts them.
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.rule.id]) for finding in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", *(tag for tag in (rule.cwe, rule.owasp) if tag)],
            "security-severity": _NUMBERS[rule.severity],
        },
    }


def _region(finding: Finding) -> dict[str, int]:
    said = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    return {key: number for key, number in said.items() if number}


def _result(finding: Finding, index: int) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": quote(finding.path, errors="surrogateescape")}}
    if finding.line:
        place["region"] = _region(finding)
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"bailiwick/v1": finding.fingerprint},
        "properties": {"engine": finding.engine, **({"commit": finding.commit} if finding.commit else {})},
    }
