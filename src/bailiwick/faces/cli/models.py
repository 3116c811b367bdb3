"""`bailiwick model`: which models one may call, and a token for their gateway."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli import model_inventory
from bailiwick.faces.cli.client import call, show

app = typer.Typer(help="Models and their gateway.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models that you may call. Example: bailiwick model list."""
    found = call("GET", "/models")
    lines = [
        f"{item['name']:<24} {item['family']:<10} {item['model']:<28} logs: {item['logs']}{_again(item)}"
        for item in found["models"]
    ]
    where = f"at {found['gateway']}" if found["gateway"] else "but no gateway is configured"
    show(found, "\n".join([*(lines or ["no model was given to you"]), where]), as_json=as_json)


def _again(item: dict[str, Any]) -> str:
    return f", answers again for {item['answers']['seconds']} s" if item["answers"] else ""


@app.command("budget")
def budgets(as_json: AsJson = False) -> None:
    """Show budgets of models, and what is used and left of them. Example: bailiwick model budget."""
    found = call("GET", "/model-budgets")
    lines: list[str] = []
    for item in found["budgets"]:
        models = ", ".join(item["models"]) or "all models"
        lines.append(f"{item['name']}: {item['words']} a {item['per']} for {item['of']}, of {models}")
        lines += [
            f"  {_state(use):<8} {use['of']} {use['plane'] or 'all planes'}: {use['words']}" for use in item["uses"]
        ]
        lines += [] if item["uses"] else ["  nothing is used that you may see"]
    show(found, "\n".join(lines) or "no budget is of a model that you may call", as_json=as_json)


@app.command("token")
def token(as_json: AsJson = False) -> None:
    """Print a token for models, good for 15 minutes. Example: export OPENAI_API_KEY=$(bailiwick model token)."""
    issued = call("POST", "/model-tokens")
    show(issued, str(issued["token"]), as_json=as_json)


def _state(use: dict[str, Any]) -> str:
    return "STOPPED" if use["stopped"] else "warned" if use["warned"] else "room"


model_inventory.register(app)
