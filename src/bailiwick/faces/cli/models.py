"""`bailiwick model`: which models one may call, and a token for their gateway."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, show

app = typer.Typer(help="Models and their gateway.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models that you may call. Example: bailiwick model list."""
    found = call("GET", "/models")
    lines = [
        f"{item['name']:<24} {item['family']:<10} {item['model']:<28} logs: {item['logs']}" for item in found["models"]
    ]
    where = f"at {found['gateway']}" if found["gateway"] else "but no gateway is configured"
    show(found, "\n".join([*(lines or ["no model was given to you"]), where]), as_json=as_json)


@app.command("token")
def token(as_json: AsJson = False) -> None:
    """Print a token for models, good for 15 minutes. Example: export OPENAI_API_KEY=$(bailiwick model token)."""
    issued = call("POST", "/model-tokens")
    show(issued, str(issued["token"]), as_json=as_json)
