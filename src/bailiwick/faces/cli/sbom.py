"""`bailiwick app sbom`: what a revision of an app is made of, as CycloneDX."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.faces.cli.client import fetch


def sbom(
    path: Annotated[str, typer.Argument(help="folder and name, for example finance/refund-desk")],
    commit: Annotated[str, typer.Option(help="an accepted commit, else the newest")] = "",
    out: Annotated[Path | None, typer.Option(help="write into this file")] = None,
) -> None:
    """Write an app's bill of materials (CycloneDX). Example: bailiwick app sbom finance/refund-desk --out bom.json."""
    content = fetch(f"/app-sbom/{path}", **({"commit": commit} if commit else {}))
    if out is None:
        sys.stdout.write(content.decode() + "\n")
        return
    out.write_bytes(content + b"\n")
    document = json.loads(content)
    known = len(document["vulnerabilities"])
    typer.echo(f"{out}: {len(document['components'])} packages, {known} known vulnerabilities among them")
