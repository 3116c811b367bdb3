"""Reviews as SARIF 2.1.0, for editors and code hosts (OASIS standard)."""

from bailiwick.control.review.model import Report, Severity

_LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(report: Report) -> dict[str, object]:
    """Return a report as a SARIF log."""
    rules = {finding.rule.id: finding.rule for finding in report.findings}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Bailiwick",
                        "rules": [
                            {
                                "id": rule.id,
                                "shortDescription": {"text": rule.why},
                                "help": {"text": rule.fix},
                                "properties": {"tags": [tag for tag in (rule.cwe, rule.owasp) if tag]},
                            }
                            for rule in rules.values()
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.rule.id,
                        "level": _LEVELS[finding.rule.severity],
                        "message": {"text": finding.message},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": finding.path},
                                    "region": {"startLine": max(finding.line, 1)},
                                }
                            }
                        ],
                        "partialFingerprints": {"bailiwick/v1": finding.fingerprint},
                    }
                    for finding in report.findings
                ],
            }
        ],
    }
