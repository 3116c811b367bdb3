"""What came of attacking a sandbox, in words for everybody."""

from bailiwick.core.messages import AttacksReport

_MOST_NAMED = 5


def attack_words(report: AttacksReport | None) -> str:
    """Return what came of it in a sentence."""
    if report is None:
        return "its walls were not tried yet"
    if report.untried:
        return f"its walls could not be tried: {report.untried}"
    said = f"{report.attempts} attempts to get out: {report.proved} held"
    if report.unproved:
        said += f", {len(report.unproved)} lead nowhere on this host with or without a sandbox"
    said += f", {len(report.escaped)} got out{_names(report.escaped)}"
    return said + "".join(f"; left out: {item}" for item in report.left_out)


def _names(escaped: tuple[str, ...]) -> str:
    if not escaped:
        return ""
    more = f" and {len(escaped) - _MOST_NAMED} more" if len(escaped) > _MOST_NAMED else ""
    return f" ({'; '.join(escaped[:_MOST_NAMED])}{more})"
