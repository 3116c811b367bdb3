"""Reviews as SARIF 2.1.0, for editors and code hosts (OASIS standard)."""

import importlib.metadata
import re
from urllib.parse import quote

from bailiwick.control.review.model import Edit, Finding, Report, Rule, Severity, Step

_LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


# From which number on code hosts call a finding what: 9 critical, 7 high, 4 medium.
_NUMBERS = {Severity.LOW: "2.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}

# What stands in names and code that are not Unicode; no text of a log may hold it.
_NOT_UNICODE = re.compile("[\ud800-\udfff]")


def as_sarif(report: Report) -> dict[str, object]:
    """Return a report as a SARIF log."""
    rules = list({finding.rule.id: finding.rule for finding in report.findings}.values())
    places = {rule.id: index for index, rule in enumerate(rules)}
    driver = {
        "name": "Bailiwick",
        "semanticVersion": importlib.metadata.version("bailiwick"),
        "rules": [_rule(rule) for rule in rules],
    }
    failed = [{"level": "error", "message": _text(words)} for words in report.could_not_review]
    invocation = {"executionSuccessful": not failed, "toolExecutionNotifications": failed}
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        # Columns are counted as Python counts them.
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.rule.id]) for finding in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _text(words: str) -> dict[str, str]:
    return {"text": _NOT_UNICODE.sub("\ufffd", words)}


def _uri(path: str) -> str:
    """Return a path as a relative URI; names that are not Unicode stay apart by their bytes."""
    try:
        return quote(path, errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(path, errors="surrogatepass")


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


def _place(path: str, region: dict[str, int] | None = None) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(path)}}
    return {**place, "region": region} if region else place


def _result(finding: Finding, index: int) -> dict[str, object]:
    where = _place(finding.path, _region(finding) if finding.line else None)
    result: dict[str, object] = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": _text(finding.message),
        "locations": [{"physicalLocation": where}],
        "partialFingerprints": {"bailiwick/v2": finding.fingerprint},
        "properties": {
            "engine": finding.engine,
            "severity": finding.severity.word,
            **({"commit": finding.commit} if finding.commit else {}),
        },
    }
    if finding.steps:
        result["codeFlows"] = [{"threadFlows": [{"locations": [_step(step) for step in finding.steps]}]}]
    if finding.edit is not None:
        result["fixes"] = [{"description": {"text": finding.rule.fix}, "artifactChanges": [_change(finding.edit)]}]
    return result


def _step(step: Step) -> dict[str, object]:
    region = {"startLine": step.line} if step.line else None
    return {"location": {"physicalLocation": _place(step.path, region), "message": _text(step.words)}}


def _change(edit: Edit) -> dict[str, object]:
    """Return an edit of whole lines: from the beginning of its first line to that of the line after its last."""
    after = max(edit.last + 1, edit.first)
    deleted = {"startLine": edit.first, "startColumn": 1, "endLine": after, "endColumn": 1}
    replacement: dict[str, object] = {"deletedRegion": deleted}
    if edit.text or edit.last < edit.first:
        replacement["insertedContent"] = _text(edit.text if edit.text.endswith("\n") else f"{edit.text}\n")
    return {"artifactLocation": _place(edit.path)["artifactLocation"], "replacements": [replacement]}
