"""Grants from plain questions on the command line: what tables there are, drafts, previews, and what was used."""

import time
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json, Reason

_WAIT_SECONDS, _LOOK_SECONDS = 60.0, 0.5
Plane = Annotated[str, typer.Option("--plane", help="which data plane; the one without production data when not said")]


def look(name: str, plane: Plane = "", as_json: Json = False) -> None:
    """Have a data plane look what tables there are. Example: bailiwick integration look orders-db."""
    asked = call("POST", f"/integrations/{name}/look", json={"plane": plane})
    until = time.monotonic() + _WAIT_SECONDS
    found = _tables(name, asked["plane"])
    while found["waiting"] and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
        found = _tables(name, asked["plane"])
    if found["waiting"]:
        fail(
            {
                "title": f"the plane {asked['plane']} has not answered yet",
                "hint": f"bailiwick integration tables {name}",
            }
        )
    _show_tables(found, as_json=as_json)


def tables(name: str, plane: Plane = "", as_json: Json = False) -> None:
    """Show tables, columns and what they seem to hold. Example: bailiwick integration tables orders-db."""
    _show_tables(_tables(name, plane), as_json=as_json)


def confirm(
    name: str,
    columns: Annotated[
        list[str] | None, typer.Argument(help="TABLE.COLUMN, all suggestions when none is named")
    ] = None,
) -> None:
    """Confirm that columns hold what they seem to. Example: bailiwick integration confirm orders-db orders.email.

    To say another class, or none: bailiwick integration classify orders-db orders.note=.
    """
    seem = {
        f"{table['name']}.{column['name']}": column["data_class"]
        for table in _tables(name, "")["tables"]
        for column in table["columns"]
        if column["data_class"] and not column["confirmed"]
    }
    wanted = columns or list(seem)
    unknown = [column for column in wanted if column not in seem]
    if unknown:
        fail({"title": f"nothing is suggested for {unknown[0]}", "hint": f"bailiwick integration tables {name}"})
    if not wanted:
        typer.echo("nothing waits to be confirmed")
        return
    call("PUT", f"/integrations/{name}/data-classes", json={"columns": {column: seem[column] for column in wanted}})
    typer.echo("\n".join(f"{column:<40} {seem[column]}" for column in wanted))


def ask(name: str, question: str, as_json: Json = False) -> None:
    """Draft a grant from a plain question: it opens nothing before it is saved.

    Example: bailiwick integration ask orders-db "orders of my region, no card numbers".
    """
    show_draft(call("POST", f"/integrations/{name}/drafts", json={"question": question}), as_json=as_json)


def preview(
    name: str,
    draft: str,
    plane: Plane = "",
    person: Annotated[str, typer.Option("--as", help="as whom: an address; yourself when not said")] = "",
    as_json: Json = False,
) -> None:
    """Have a plane show the very rows of a draft. Example: bailiwick integration preview orders-db ID."""
    done = call("POST", f"/integrations/{name}/drafts/{draft}/preview", json={"plane": plane, "person": person})
    lines = [f"open {done['page']}", f"as {done['seen_as']} sees it, until {done['until']}"]
    show(done, "\n".join(lines), as_json=as_json)


def save(
    name: str,
    draft: str,
    rule: str,
    reason: Reason = "",
    wider: Annotated[bool, typer.Option("--wider", help="what it opens beyond the question is meant")] = False,
    replaces: Annotated[bool, typer.Option("--replaces", help="there is such a rule, and this replaces it")] = False,
    as_json: Json = False,
) -> None:
    """Make a draft an access rule. Example: bailiwick integration save orders-db ID regional:read --reason "…"."""
    body = {"rule": rule, "reason": reason, "wider": wider, "replaces": replaces}
    done = call("POST", f"/integrations/{name}/drafts/{draft}/save", json=body)
    show(done, f"{name} offers {rule}; apps get it with their next approved release", as_json=as_json)


def accounts(name: str, as_json: Json = False) -> None:
    """Show what a system knows of our identities: its accounts, and whose they are.

    Example: bailiwick integration accounts orders-db.
    """
    found = call("GET", f"/integrations/{name}/accounts")
    lines = [
        f"{item['plane']:<12} {item['name']:<28} {item['principal'] or item['whose']}"
        f"{', superuser' if item['superuser'] else ''}{', ' + item['whose'] if item['principal'] else ''}"
        for item in found["accounts"]
    ]
    show(found, "\n".join(lines) or "no plane has told of an account", as_json=as_json)


def usage(name: str, as_json: Json = False) -> None:
    """Show what apps used of their grants in 90 days. Example: bailiwick integration usage orders-db."""
    found = call("GET", f"/integrations/{name}/usage")
    lines = []
    for item in found["apps"]:
        lines.append(f"{item['app']:<32} {item['words']}")
        lines += [f"    not used: {table['table']}" for table in item["tables"] if not table["used"]]
        lines += [
            f"    not named: {table['table']}.{column}"
            for table in item["tables"]
            for column in table["unused_columns"]
        ]
        lines += [f"    not made: {words}" for words in item["unused_calls"]]
    show(found, "\n".join(lines) or "no app in production has a grant on it", as_json=as_json)


def narrower(name: str, app: str, as_json: Json = False) -> None:
    """Draft the grant that would have done. Example: bailiwick integration narrower orders-db finance/refund-desk."""
    show_draft(call("POST", f"/integrations/{name}/usage/narrower", json={"app": app}), as_json=as_json)


def show_draft(found: dict[str, Any], *, as_json: bool) -> None:
    """Print a draft: what it opens, what became of each phrase, and what differs from what was asked."""
    lines = ["opens:", *(f"  {line}" for line in found["opens"] or ["nothing"]), "read as:"]
    lines += [f"  {item['words']:<28} {item['became']:<15} {item['meaning']}" for item in found["phrases"]]
    for title, name in (
        ("asked and not given:", "asked_not_given"),
        ("given and not asked:", "given_not_asked"),
        ("look at:", "cautions"),
    ):
        lines += [title, *(f"  {line}" for line in found[name] or ["nothing"])]
    if found["opens"] and not found["rule"]:
        place = f"{found['integration']} {found['id']}"
        lines.append(f"save it: bailiwick integration save {place} RULE --reason WHY; see rows: … preview {place}")
    show(found, "\n".join(lines), as_json=as_json)


def register(group: typer.Typer) -> None:
    """Add these verbs to those of integrations."""
    for verb in (look, tables, confirm, ask, preview, save, accounts, usage, narrower):
        group.command()(verb)


def _tables(name: str, plane: str) -> dict[str, Any]:
    return dict(call("GET", f"/integrations/{name}/tables", params={"plane": plane} if plane else {}))


def _show_tables(found: dict[str, Any], *, as_json: bool) -> None:
    lines = [f"the plane could not see them: {found['fault']}"] if found.get("fault") else []
    for table in found["tables"]:
        rows = "" if table["rows"] is None else f"  about {table['rows']:,} rows"
        lines.append(f"{table['name']}{rows}")
        lines += [f"  {column['name']:<32} {column['type']:<28} {_class_words(column)}" for column in table["columns"]]
    hint = f"nobody has looked yet: bailiwick integration look {found['integration']}"
    show(found, "\n".join(lines) or hint, as_json=as_json)


def _class_words(column: dict[str, Any]) -> str:
    if column["confirmed"]:
        return f"holds {column['data_class'] or 'nothing that has a class'}"
    if not column["data_class"]:
        return "free text" if column["prose"] else ""
    share = f", {column['share']} of 10 values" if column["share"] else ""
    return f"seems to hold {column['data_class']} (by {column['because']}{share})"
