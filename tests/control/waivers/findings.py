"""A finding as it is stored, for tests of what is shown."""

from bailiwick.control.review import StoredFinding


def finding(path: str, line: int, **facts: object) -> StoredFinding:
    """Return a finding of a line."""
    texts = dict.fromkeys(StoredFinding.__slots__, "")
    known = {
        "fingerprint": f"{path}{line}",
        "rule": "sql-injection",
        "severity": "high",
        "message": "it is",
        "fix": "x",
    }
    return StoredFinding(**{**texts, **known, "path": path, "line": line, "blocking": True, **facts})  # type: ignore[arg-type]
