"""Writes docs/reference/rules.md: every rule of a review, from the packs themselves."""

from itertools import groupby
from pathlib import Path

from bailiwick.control.review.model import BLOCKING, Rule
from bailiwick.control.review.rules import rules

TARGET = Path(__file__).parent.parent / "docs" / "reference" / "rules.md"
INTRODUCTION = f"""# Rules of the review

Every finding names one of these rules. From severity `{BLOCKING.word}` on a finding blocks the push; what an app can
reach can raise it, and what is only advice lowers it. The page is made from the rules themselves by
`python -m scripts.rules_reference`.
"""


def page() -> str:
    """Return the page in Markdown."""
    parts = [INTRODUCTION]
    ordered = sorted(rules().values(), key=lambda rule: (-rule.severity, rule.id))
    for severity, group in groupby(ordered, key=lambda rule: rule.severity):
        rows = "\n".join(_row(rule) for rule in group)
        head = "| rule | weakness | why | what to do |\n|---|---|---|---|"
        parts.append(f"## {severity.word.capitalize()}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    known = ", ".join(item for item in (rule.cwe, rule.owasp) if item)
    return f"| `{rule.id}` | {known} | {_cell(rule.why)} | {_cell(rule.fix)} |"


def _cell(text: str) -> str:
    """Return text that neither ends a cell nor becomes a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    TARGET.write_text(page())
