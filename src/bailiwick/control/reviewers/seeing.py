"""What reviewers see of a change: files by numbered lines; nothing of who wrote it, nothing that speaks to agents."""

import json
import re
from collections.abc import Collection, Iterator, Sequence

from bailiwick.control.review import Change, Finding
from bailiwick.control.reviewers.blanking import blanked
from bailiwick.control.reviewers.model import SeenFile

MOST_PARTS = 8
_PART_CHARACTERS = 90_000
_LONGEST_LINE = 2_000
# Instructions to coding agents: to whoever reviews, they are only there to be obeyed.
_INSTRUCTIONS = re.compile(
    r"(^|/)(claude|agents|gemini|qwen|copilot-instructions|skill|conventions)\.md$|(^|/)llms(-full)?\.txt$"
    r"|(^|/)\.(cursorrules|windsurfrules|clinerules|roorules|goosehints|aider[^/]*)(/|$)"
    r"|(^|/)\.(cursor|claude|codex|gemini|kiro|continue|junie|github/instructions|github/prompts)/",
    re.IGNORECASE,
)
_HIDDEN = "[a credential was here]"


def seen_files(change: Change, before: Collection[tuple[str, bytes]], findings: Sequence[Finding]) -> list[SeenFile]:
    """Return the text files of a change, changed ones first; `before` are path and content of those that were there.

    Lines in which the review found credentials are left out of what anybody sees.
    """
    hidden = {(item.path, item.line) for item in findings if item.rule.cwe == "CWE-798" and not item.commit}
    found = []
    for file in change.files:
        text = _text(file.content)
        if text is None or _INSTRUCTIONS.search(file.path):
            continue
        lines = [
            _HIDDEN if (file.path, number) in hidden else line[:_LONGEST_LINE]
            for number, line in enumerate(text.split("\n"), start=1)
        ]
        plain = "\n".join(lines)
        changed = (file.path, file.content) not in before
        found.append(SeenFile(file.path, plain, blanked(file.path, plain), changed))
    return sorted(found, key=lambda item: (not item.changed, item.path))


def parts_of(files: Sequence[SeenFile]) -> list[tuple[SeenFile, ...]]:
    """Return the files in parts, each of which goes into one question."""
    parts: list[tuple[SeenFile, ...]] = []
    part: list[SeenFile] = []
    size = 0
    for file in files:
        length = len(file.plain) + 8 * file.plain.count("\n")
        if part and size + length > _PART_CHARACTERS:
            parts.append(tuple(part))
            part, size = [], 0
        part.append(file)
        size += length
    return [*parts, tuple(part)] if part else parts


def written(files: Sequence[SeenFile], *, blanked: bool) -> str:
    """Return files as a reviewer gets them: each line has its number before it, so that none can pass for ours."""
    return "\n".join(line for file in files for line in _numbered(file, blanked=blanked))


def _numbered(file: SeenFile, *, blanked: bool) -> Iterator[str]:
    yield f"=== FILE {json.dumps(file.path)}{' (changed)' if file.changed else ''} ==="
    for number, line in enumerate(file.text(blanked=blanked).split("\n"), start=1):
        yield f"{number:5}| {line}"
    yield "=== END ==="


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")
