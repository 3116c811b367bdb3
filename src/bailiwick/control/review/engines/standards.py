"""The organisation's coding standards, as they are in force where the app stands."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from bailiwick.control.review.model import Change, Finding, Rule, Severity, StandardText, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.control.review.standards.check import app_of, broken
from bailiwick.control.review.standards.code import is_too_large
from bailiwick.control.review.standards.model import Standard, StandardRule
from bailiwick.control.review.standards.reading import read_standard


def check(change: Change, surroundings: Surroundings) -> Iterator[Finding]:
    """Yield where the app breaks a standard; raises when one that is in force cannot be read."""
    if not surroundings.standards:
        return
    app = app_of(change.files)
    for file in change.files:
        if is_too_large(file):
            yield Finding(rule("partly-read"), file.path, 0, "standards do not read files or lines of this size")
    for text in surroundings.standards:
        standard = read_standard(text.name, text.text)
        for each in standard.rules:
            shown = _shown(each, text)
            for item in broken(each, app):
                finding = Finding(shown, item.path, item.line, f"{each.message}: {item.words}", item.excerpt)
                yield warned(finding, standard, surroundings.day)


def warned(finding: Finding, standard: Standard, day: date) -> Finding:
    """Return a finding of a standard that still only warns as a note that says when it will block."""
    if standard.warn_until is None or day > standard.warn_until:
        return finding
    message = f"{finding.message} (a warning until {standard.warn_until}, then it blocks)"
    return replace(finding, message=message, worse=Severity.LOW - finding.rule.severity)


def _shown(broken_rule: StandardRule, text: StandardText) -> Rule:
    """Return the rule as findings name it: `standard-NAME-RULE`."""
    why = f"'{text.name}' is a standard of {text.scope}"
    return Rule(
        f"standard-{text.name}-{broken_rule.id}", broken_rule.severity, why, broken_rule.fix or broken_rule.message
    )
