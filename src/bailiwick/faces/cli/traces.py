"""`bailiwick traces`: what an app did for each request, and how it does on the whole, for its builders."""

from typing import Annotated, Any, Literal

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json
from bailiwick.faces.log_words import plain_words
from bailiwick.faces.traces_words import overview_words, span_words

app = typer.Typer(help="Traces of apps: what they did for each request, and how long it took.", no_args_is_help=True)
App = Annotated[str, typer.Argument(metavar="APP", help="the app, such as finance/desk")]
InMode = Annotated[Literal["preview", "production"], typer.Option("--mode", help="of the preview, or of production")]
Hours = Annotated[int, typer.Option("--hours", min=1, max=720, help="how far back")]


@app.command("list")
def list_traces(
    app_path: App,
    mode: InMode = "production",
    hours: Hours = 24,
    failed: Annotated[bool, typer.Option("--failed", help="only those that failed or were refused")] = False,
    person: Annotated[str, typer.Option("--person", help="only those for this person")] = "",
    text: Annotated[str, typer.Option("--text", help="only those whose name holds this")] = "",
    least_ms: Annotated[float, typer.Option("--least-ms", min=0, help="only those that took so long")] = 0,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="how many, newest first")] = 50,
    as_json: Json = False,
) -> None:
    """List traces, newest first. Example: bailiwick traces list finance/desk --failed --hours 2."""
    asked: dict[str, Any] = {"mode": mode, "hours": hours, "failed": failed, "person": person, "text": text}
    found = call("GET", f"/traces/{app_path}", params={**asked, "least_ms": least_ms, "limit": limit})
    lines = [f"{item['start'][:23]}  {item['trace']}  {span_words(item)}  {item['person']}" for item in found["traces"]]
    show(found, "\n".join(map(plain_words, lines)) or f"no trace of {app_path} fits", as_json=as_json)


@app.command("show")
def show_trace(
    app_path: App, trace: Annotated[str, typer.Argument(help="the trace's id, as list shows it")], as_json: Json = False
) -> None:
    """Show one trace as a tree. Example: bailiwick traces show finance/desk 4bf92f3577b34da6a3ce929d0e0e4736."""
    found = call("GET", f"/trace/{trace}/{app_path}")
    root = found["spans"][0]
    head = f"{root['start']}  {root['person']}  release {root['release']} in {root['mode']}"
    lines = [head, *(span_words(item, "  " * item["depth"]) for item in found["spans"])]
    show(found, "\n".join(map(plain_words, lines)), as_json=as_json)


@app.command()
def overview(app_path: App, mode: InMode = "production", hours: Hours = 24, as_json: Json = False) -> None:
    """Show what took longest and what failed. Example: bailiwick traces overview finance/desk --hours 720."""
    found = call("GET", f"/trace-overview/{app_path}", params={"mode": mode, "hours": hours})
    show(found, "\n".join(map(plain_words, overview_words(found))), as_json=as_json)
