"""`bailiwick logs`: what an app wrote, for its builders."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json
from bailiwick.faces.log_words import line_words

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WAIT_SECONDS = 20


def logs(
    app_path: Annotated[str, typer.Argument(metavar="APP", help="the app, such as finance/desk")],
    mode: Annotated[
        Literal["preview", "production"], typer.Option("--mode", help="of the preview, or of production")
    ] = "preview",
    branch: Annotated[str, typer.Option("--branch", help="of the preview of this branch")] = "",
    last: Annotated[int, typer.Option("--last", "-n", min=1, max=500, help="how many lines")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="go on with what comes, until you interrupt it")
    ] = False,
    since: Annotated[str, typer.Option("--since", help="not older than: 10m, 2h, 1d, or a time (ISO 8601)")] = "",
    text: Annotated[str, typer.Option("--text", help="only lines with this text, in any case of letters")] = "",
    trace: Annotated[str, typer.Option("--trace", help="only lines of this request: its trace id")] = "",
    severity: Annotated[
        Literal["", "trace", "debug", "info", "warn", "error", "fatal"],
        typer.Option("--severity", help="only records that were sent with this severity or a worse one"),
    ] = "",
    as_json: Json = False,
) -> None:
    """Read what an app wrote. Examples: bailiwick logs finance/desk -f; bailiwick logs finance/desk --since 10m."""
    asked: dict[str, Any] = {"mode": mode, "branch": branch, "last": last, "text": text, "trace": trace}
    asked["severity"] = severity
    if since:
        asked["since"] = _since(since)
    found = call("GET", f"/logs/{app_path}", params=asked)
    if not follow:
        shown = "\n".join(map(line_words, found["lines"])) or f"{app_path} wrote nothing that fits"
        show(found, shown, as_json=as_json)
        return
    while True:
        for line in found["lines"]:
            typer.echo(json.dumps(line) if as_json else line_words(line))
        # The newest fit on a page; what came before them while nobody looked is passed over, and said so.
        if found["more"] and asked.get("after"):
            typer.echo("… lines were left out: it writes faster than they are read", err=True)
        if not found["lines"]:
            time.sleep(1)
        asked |= {"after": found["after"], "last": 500, "wait_seconds": _WAIT_SECONDS}
        found = call("GET", f"/logs/{app_path}", params=asked, timeout=60)


def _since(told: str) -> str:
    ago = _AGO.fullmatch(told)
    if ago is not None:
        return (datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])).isoformat()
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        fail({"title": f"'{told[:40]}' is no time", "hint": "write 10m, 2h, 1d, or 2026-07-28T10:00+00:00"})
    return (moment if moment.tzinfo is not None else moment.astimezone()).isoformat()
