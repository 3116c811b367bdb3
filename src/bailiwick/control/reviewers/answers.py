"""What reviewers must answer: the schema that they are given, and the checks that their answers must pass."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bailiwick.control.inference import ModelError
from bailiwick.control.review import Severity
from bailiwick.control.reviewers.model import SeenFile, Told

_Text = Annotated[str, StringConstraints(max_length=4_000)]
_SHOWN = 400


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: _Text
    line: Annotated[int, Field(ge=1, le=10_000_000)]
    quote: _Text
    fault: _Text
    why: _Text
    fix: _Text
    severity: Literal["high", "medium", "low"]


class _Faults(BaseModel):
    model_config = ConfigDict(extra="forbid")

    findings: Annotated[list[_Fault], Field(max_length=200)]


class _Refutation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    stands: bool
    quote: _Text
    why: _Text


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_STRING = {"type": "string"}
FAULTS = _object(
    findings={
        "type": "array",
        "items": _object(
            path=_STRING,
            line={"type": "integer"},
            quote=_STRING,
            fault=_STRING,
            why=_STRING,
            fix=_STRING,
            severity={"type": "string", "enum": ["high", "medium", "low"]},
        ),
    }
)
REFUTATION = _object(stands={"type": "boolean"}, quote=_STRING, why=_STRING)


def faults_in(document: object, files: Sequence[SeenFile], *, blanked: bool) -> tuple[Told, ...]:
    """Return the faults of an answer whose quotes stand where they say; those that quote nothing are left out.

    Raises `ModelError` when the answer is not of the schema.
    """
    try:
        answer = _Faults.model_validate(document)
    except ValidationError as fault:
        raise ModelError("the reviewer's answer is not what it was asked for") from fault
    lines = {file.path: file.text(blanked=blanked).split("\n") for file in files}
    found = []
    for item in answer.findings:
        at = _line_of(item, lines.get(item.path, []))
        if at:
            found.append(_told(item, at, lines[item.path][at - 1]))
    return tuple(found)


def refuted_by(document: object, file: SeenFile) -> str:
    """Return why a claim does not stand, empty where it does; a refutation must quote a line of the file.

    Raises `ModelError` when the answer is not of the schema.
    """
    try:
        answer = _Refutation.model_validate(document)
    except ValidationError as fault:
        raise ModelError("the second reviewer's answer is not what it was asked for") from fault
    quoted = _plain(answer.quote)
    shown = quoted and any(_plain(line) == quoted for line in file.blanked.split("\n"))
    return "" if answer.stands or not shown else shown_text(answer.why) or "no reason given"


def shown_text(text: str) -> str:
    """Return a model's words as they may be shown: one line, printable, not too long."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"


def _line_of(item: _Fault, lines: Sequence[str]) -> int:
    """Return the line that is quoted: the one named, or the only other one that reads so; 0 for none."""
    quoted = _plain(item.quote)
    if not quoted:
        return 0
    if item.line <= len(lines) and _plain(lines[item.line - 1]) == quoted:
        return item.line
    same = [number for number, line in enumerate(lines, start=1) if _plain(line) == quoted]
    return same[0] if len(same) == 1 else 0


def _plain(line: str) -> str:
    return " ".join(line.split())


def _told(item: _Fault, line: int, text: str) -> Told:
    return Told(
        path=item.path,
        line=line,
        quote=text.strip(),
        fault=shown_text(item.fault),
        why=shown_text(item.why),
        fix=shown_text(item.fix),
        severity=Severity[item.severity.upper()],
    )
