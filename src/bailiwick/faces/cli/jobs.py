"""Jobs on the command line: when each is next, how its runs went with their logs, and a run by hand."""

from datetime import datetime
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Jobs of apps: when they run, and how it went.", no_args_is_help=True)
Job = Annotated[str, typer.Argument(help="the job's name")]


@app.command("list")
def list_jobs(app_path: str, as_json: Json = False) -> None:
    """List the jobs of what is in production, each with its next run. Example: bailiwick job list finance/desk."""
    found = call("GET", f"/jobs/{app_path}")
    show(found, "\n".join(map(_planned, found["jobs"])) or "it has no jobs in production", as_json=as_json)


@app.command()
def runs(
    app_path: str,
    job: Annotated[str, typer.Argument(help="this job only")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="how many, newest first")] = 20,
    as_json: Json = False,
) -> None:
    """List runs, newest first. Example: bailiwick job runs finance/desk nightly."""
    found = call("GET", f"/job-runs/{app_path}", params={"job": job, "limit": limit})
    show(found, "\n".join(map(_run, found["runs"])) or "there were no runs yet", as_json=as_json)


@app.command()
def log(
    app_path: str, run: Annotated[str, typer.Argument(help="the run, as job runs lists it")], as_json: Json = False
) -> None:
    """Show the last lines of a run. Example: bailiwick job log finance/desk run_06f3…."""
    found = call("GET", f"/job-run/{run}/{app_path}")
    show(found, "\n".join([_run(found), *found["log_lines"]]), as_json=as_json)


@app.command()
def run(app_path: str, job: Job, as_json: Json = False) -> None:
    """Run a job once, now. Example: bailiwick job run finance/refund-desk nightly."""
    done = call("POST", f"/run-job/{job}/{app_path}")
    show(done, f"asked for run {done['run']}: bailiwick job log {app_path} {done['run']}", as_json=as_json)


def _planned(item: dict[str, Any]) -> str:
    at = datetime.fromisoformat(item["next"])
    last = f"last {item['last']['status']}" if item["last"] else "never ran"
    return f"{item['name']:<20} next {at:%Y-%m-%d %H:%M} {item['timezone']}  ({item['schedule']})  {last}"


def _run(item: dict[str, Any]) -> str:
    why = f"due {item['due'][:16]}" if item["due"] else f"asked by {item['asked_by']}"
    tried = f"  attempt {item['attempt']}" if item["attempt"] > 1 else ""
    words = f"\n    {item['words']}" if item["words"] else ""
    return f"{item['run']}  {item['job']:<16} {item['status']:<9} {item['started'][:16]}  {why}{tried}{words}"
