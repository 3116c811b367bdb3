"""`bailiwick agents-md`: the AGENTS.md of apps in a folder."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import fetch


def agents_md(folder: Annotated[str, typer.Argument(help="the folder of the app, such as finance")]) -> None:
    """Print an AGENTS.md with what is in force in a folder. Example: bailiwick agents-md finance > AGENTS.md."""
    typer.echo(fetch("/agents-md", folder=folder).decode(), nl=False)
