"""A review in words: the lines that git shows after `remote:`, and the text of the command line."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from bailiwick.control.review.model import Change, Finding, Severity, Step

_SHOWN = 20
_WIDTH = 110
_STEPS = 8
_TAB = "    "


class Style(StrEnum):
    """What a piece of text is, for whoever gives it a colour."""

    BAD = "bad"
    MILD = "mild"
    PLACE = "place"
    QUIET = "quiet"
    MARK = "mark"


Paint = Callable[[str, Style], str]


def unpainted(text: str, _: Style) -> str:
    """Return text as it is."""
    return text


def finding_lines(
    finding: Finding, link: str = "", *, change: Change | None = None, paint: Paint = unpainted
) -> Iterator[str]:
    """Yield the lines of a finding: where and what, the line itself, the way there, why, how to mend it, where to read.

    With the change that was reviewed the place in the line is marked.
    """
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    style = Style.BAD if finding.severity >= Severity.HIGH else Style.MILD
    what = _plain(f"{finding.rule.id}: {finding.message}")
    yield f"{paint(_plain(place), Style.PLACE)}  {paint(finding.severity.word, style)}  {what}"
    yield from _excerpt(finding, change, paint)
    yield from _way(finding.steps, paint)
    yield f"    why  {finding.rule.why}"
    yield f"    fix  {finding.rule.fix}"
    if link:
        yield f"    see  {link}"


def _excerpt(finding: Finding, change: Change | None, paint: Paint) -> Iterator[str]:
    """Yield the line that a finding is about, and a mark under the part of it that is meant."""
    text = finding.excerpt.split("\n")[0].strip()
    if not text or not finding.line:
        return
    begin, end = _marked(finding, text, change)
    first = max(0, min(begin - _WIDTH // 2, len(text) - _WIDTH))
    shown = text[first : first + _WIDTH]
    head = paint(f"{finding.line:>8} |", Style.QUIET)
    yield f"{head} {_plain(shown)}"
    if end > begin:
        # What is not printable is shown longer than it is.
        before, marked = _plain(text[first:begin]), _plain(text[begin : min(end, first + _WIDTH)])
        yield f"{paint(' ' * 8 + ' |', Style.QUIET)} {' ' * len(before)}{paint('^' * max(1, len(marked)), Style.MARK)}"


def _marked(finding: Finding, text: str, change: Change | None) -> tuple[int, int]:
    """Return from where to where in the stripped line a finding is about, or (0, 0) where that is not known."""
    line = _line_of(finding, change)
    if not finding.column or line.strip() != text:
        return 0, 0
    begin = finding.column - 1 - (len(line) - len(line.lstrip()))
    same = finding.end_line in {0, finding.line}
    end = begin + 1
    if finding.end_column and same:
        end = begin + finding.end_column - finding.column
    elif not same:
        end = len(text)
    return (begin, min(max(end, begin + 1), len(text))) if 0 <= begin < len(text) else (0, 0)


def _line_of(finding: Finding, change: Change | None) -> str:
    """Return the line as it stands in the tip, indentation included; empty where it is not there."""
    if change is None or finding.commit:
        return ""
    content = next((file.content for file in change.files if file.path == finding.path), b"")
    lines = content.decode(errors="replace").split("\n")
    return lines[finding.line - 1].rstrip("\r") if finding.line <= len(lines) else ""


def _way(steps: Sequence[Step], paint: Paint) -> Iterator[str]:
    shown = steps if len(steps) <= _STEPS else (*steps[: _STEPS - 1], steps[-1])
    for number, step in enumerate(shown):
        if number == _STEPS - 1 and len(steps) > _STEPS:
            yield f"     ..  {len(steps) - _STEPS} steps more"
        yield f"    {'from' if number == 0 else ' via' if step is not steps[-1] else '  to'} " + (
            f"{paint(_plain(f'{step.path}:{step.line}'), Style.PLACE)}  {_plain(step.words)}"
        )


def _plain(line: str) -> str:
    """Return a line as it may be shown by a terminal: names come from whoever pushed, escape codes included."""
    spaced = line.replace("\t", _TAB)
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in spaced)


def refusal_lines(
    findings: Sequence[Finding], failed: Sequence[str], review_url: str, change: Change | None = None
) -> list[str]:
    """Return what git shows for a refused push."""
    lines = ["", "Bailiwick refuses this push:", ""]
    for finding in findings[:_SHOWN]:
        lines += [*finding_lines(finding, f"{review_url}#{finding.fingerprint}", change=change), ""]
    if len(findings) > _SHOWN:
        lines.append(f"and {len(findings) - _SHOWN} more: {review_url}")
    lines += [f"could not review: {name}; nothing passes until it can" for name in failed]
    count = len(findings)
    lines.append(f"{count} finding{'' if count == 1 else 's'} to mend. Amend the commits, then push again.")
    if findings:
        review_id = review_url.rpartition("/")[2]
        lines.append(f"One that does no harm here: bailiwick waiver request {review_id} FINDING --reason WHY")
    return [*lines, ""]
