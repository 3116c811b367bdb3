"""Takes secrets out of what engines say: several quote the line that they find something on, and it may hold one."""

from collections.abc import Iterable
from dataclasses import replace

from bailiwick.control.review.engines.secrets import masked
from bailiwick.control.review.model import Finding

_SECRET = "secret-in-code"  # noqa: S105 - a rule
_INSTEAD = "(a line that holds a secret)"


def concealed(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without any secret in their words; of a line with one nothing is quoted at all."""
    every = list(findings)
    lines = {(item.path, item.line, item.commit) for item in every if item.rule.id == _SECRET}
    return [item if item.rule.id == _SECRET else _concealed(item, lines) for item in every]


def _concealed(finding: Finding, lines: set[tuple[str, int, str]]) -> Finding:
    path = finding.path
    holds = finding.excerpt and (path, finding.line, finding.commit) in lines
    excerpt = _INSTEAD if holds else masked(finding.excerpt, path)
    steps = tuple(replace(step, words=masked(step.words, step.path)) for step in finding.steps)
    edit = finding.edit
    if edit is not None and masked(edit.text, edit.path) != edit.text:
        edit = None
    return replace(finding, excerpt=excerpt, message=masked(finding.message, path), steps=steps, edit=edit)
