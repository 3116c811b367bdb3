"""A review in words: the lines that git shows after `remote:`, and the text of the command line."""

from collections.abc import Iterator, Sequence

from bailiwick.control.review.model import Finding

_SHOWN = 20


def finding_lines(finding: Finding, link: str = "") -> Iterator[str]:
    """Yield the lines of a finding: where and what, why, how to mend it, where to read on."""
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    yield _plain(f"{place}  {finding.severity.word}  {finding.rule.id}: {finding.message}")
    yield f"    why  {finding.rule.why}"
    yield f"    fix  {finding.rule.fix}"
    if link:
        yield f"    see  {link}"


def _plain(line: str) -> str:
    """Return a line as it may be shown by a terminal: names come from whoever pushed, escape codes included."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)


def refusal_lines(findings: Sequence[Finding], failed: Sequence[str], review_url: str) -> list[str]:
    """Return what git shows for a refused push."""
    lines = ["", "Bailiwick refuses this push:", ""]
    for finding in findings[:_SHOWN]:
        lines += [*finding_lines(finding, f"{review_url}#{finding.fingerprint}"), ""]
    if len(findings) > _SHOWN:
        lines.append(f"and {len(findings) - _SHOWN} more: {review_url}")
    lines += [f"could not review: {name}; nothing passes until it can" for name in failed]
    count = len(findings)
    lines.append(f"{count} finding{'' if count == 1 else 's'} to mend. Amend the commits, then push again.")
    if findings:
        review_id = review_url.rpartition("/")[2]
        lines.append(f"One that does no harm here: bailiwick waiver request {review_id} FINDING --reason WHY")
    return [*lines, ""]
