"""`bailiwick redact`: a text without what must not be seen, found as the gateways find it."""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from bailiwick.faces.cli.client import fail


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
) -> None:
    """Print what comes in without secrets and personal data. Example: bailiwick redact --profile secrets < mail.txt."""
    from bailiwick.core.redaction import Redaction  # noqa: PLC0415 - slow to load

    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as fault:
        fail({"title": f"what came in is no UTF-8 at byte {fault.start}", "hint": "iconv -t UTF-8, before"})
    redaction = Redaction(profile.value)
    if form is Form.JSON:
        typer.echo(json.dumps({"spans": [asdict(span) for span in redaction.spans(text)]}))
    else:
        typer.echo(redaction.redact(text), nl=False)
