"""Who ran this query, on the command line."""

import sys
from typing import Annotated, Any

import typer

from bailiwick.core.row_log import UNTOLD
from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Queries that apps ran on connected databases.", no_args_is_help=True)
_LONGEST = 100


@app.callback()
def queries() -> None:
    """Keep `who` a command of its own."""


@app.command()
def who(
    text: Annotated[
        str, typer.Argument(help="a statement or a part of one, a fingerprint, a trace, a line of a log; - reads it")
    ] = "",
    table: Annotated[str, typer.Option(help="on this table only")] = "",
    row: Annotated[str, typer.Option(help="TABLE:KEY, where the grant logs rows: orders:4711")] = "",
    since: Annotated[str, typer.Option(help="7d, or 2026-03-01T12:00")] = "",
    until: Annotated[str, typer.Option(help="12h, or 2026-03-02")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: Json = False,
) -> None:
    """Say who ran a query. Example: tail -1 postgresql.log | bailiwick query who -."""
    said = sys.stdin.read(100_000) if text == "-" else text
    asked = {"text": said, "table": table, "row": row, "since": since, "until": until, "limit": limit}
    found = call("POST", "/queries/who", json=asked)
    facts = ", ".join(f"{name} {value}" for name, value in found["facts"].items())
    lines = [f"taken for: {found['read_as']}{f' ({facts})' if facts else ''}"]
    lines += [line for event in found["events"] for line in _lines(event)] or ["nobody, as far as the log goes"]
    if found["cursor"]:
        lines.append("(more lie before these: narrow it with --table or --since)")
    show(found, "\n".join(lines), as_json=as_json)


def _lines(event: dict[str, Any]) -> list[str]:
    facts = event["context"]
    through = f"{event['app']} ({event['release']})" if event["release"] else event["app"]
    if event["action"] == "query.rows":
        untold = UNTOLD in facts["keys"]
        done = "read or changed rows of it, and did not tell which" if untold else f"{facts['operation']} of this row"
        first = f"{event['time']} {event['actor']} through {through} on {event['resource']}, {facts['rows_of']}: {done}"
        return [first, f"    trace {event['trace'] or '-'}  {facts['statement'][:_LONGEST]}"]
    done = f"{facts['rows']} rows, {facts['bytes']} bytes, {facts['milliseconds']} ms" if "rows" in facts else "refused"
    first = f"{event['time']} {event['actor']} through {through} on {event['resource']}: {done}"
    said = facts.get("statement") or event["reason"]
    return [first, f"    trace {event['trace'] or '-'}  {said[:_LONGEST]}"]
