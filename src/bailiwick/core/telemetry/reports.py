"""Reports and answers of planes against the register: which kinds would tell something that is not declared."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from bailiwick.core.messages import AnyAnswer, AnyReport
from bailiwick.core.telemetry.register import Register


def undeclared_reports(register: Register) -> dict[str, list[str]]:
    """Return the fields that a register does not declare, by kind of report or answer; empty for none."""
    found: dict[str, list[str]] = {}
    for model in (*get_args(AnyReport), *get_args(AnyAnswer)):
        kind = model.model_fields["kind"].default
        missing = [name for name in _fields(model, f"plane.{kind}", frozenset({model})) if name not in register.fields]
        if missing:
            found[kind] = missing
    return found


def _fields(model: type[BaseModel], path: str, seen: frozenset[type[BaseModel]]) -> Iterator[str]:
    for name, told in model.model_fields.items():
        yield f"{path}.{name}"
        for inner in models_in(told.annotation):
            if inner not in seen:
                yield from _fields(inner, f"{path}.{name}", seen | {inner})


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)
