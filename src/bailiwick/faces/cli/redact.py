"""`bailiwick redact`: a text without what must not be seen, found as the gateways find it."""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.faces.cli.client import fail

if TYPE_CHECKING:
    from bailiwick.core.redaction_rules import OwnRules


class Form(StrEnum):
    """What is printed."""

    TEXT = "text"
    JSON = "json"


class Kinds(StrEnum):
    """What is looked for."""

    SECRETS = "secrets"
    PERSONAL = "personal"
    ALL = "all"


def redact(
    form: Annotated[
        Form, typer.Option("--format", help="the text with replacements, or where they are, in characters")
    ] = Form.TEXT,
    profile: Annotated[Kinds, typer.Option(help="what is looked for")] = Kinds.ALL,
    rules: Annotated[
        Path | None, typer.Option(help="settings, or a file with their `redaction:` section alone: values of your own")
    ] = None,
) -> None:
    """Print what comes in without secrets and personal data. Example: bailiwick redact --profile secrets < mail.txt."""
    from bailiwick.core.redaction import Own, Redaction  # noqa: PLC0415 - slow to load

    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as fault:
        fail({"title": f"what came in is no UTF-8 at byte {fault.start}", "hint": "iconv -t UTF-8, before"})
    redaction = Redaction(profile.value, Own(read_rules(rules)) if rules is not None else None)
    if form is Form.JSON:
        typer.echo(json.dumps({"spans": [asdict(span) for span in redaction.spans(text)]}))
    else:
        typer.echo(redaction.redact(text), nl=False)


def read_rules(file: Path) -> "OwnRules":
    """Return the rules in a file: settings, or their section alone; end with what is wrong with it."""
    import yaml  # noqa: PLC0415 - as above
    from pydantic import ValidationError  # noqa: PLC0415

    from bailiwick.control.prompt_settings import RedactionSettings  # noqa: PLC0415

    try:
        document = yaml.safe_load(file.read_text())
        section = document.get("redaction", document) if isinstance(document, dict) else document
        return RedactionSettings.model_validate(section).rules
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        fail({"title": f"{file} cannot be read as YAML ({type(fault).__name__})"})
    except ValidationError as fault:
        told = [f"{'.'.join(map(str, error['loc'])) or 'redaction'}: {error['msg']}" for error in fault.errors()]
        fail({"title": f"{file}: {'; '.join(told)[:1000]}", "hint": "docs/redaction.md shows how rules are written"})
