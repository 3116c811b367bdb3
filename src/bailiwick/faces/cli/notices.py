"""`bailiwick notice`: whether you get mail, which chats hear of what waits, and how messages fare."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="How people hear of what waits for their decision.", no_args_is_help=True)


@app.command()
def mail(
    choice: Annotated[str, typer.Argument(help="on or off; nothing shows what is chosen")] = "", as_json: Json = False
) -> None:
    """Choose whether you get mail when something waits for you. Example: bailiwick notice mail off."""
    if choice not in {"", "on", "off"}:
        raise typer.BadParameter("say on or off")
    found = call("PUT", "/notice-choice", json={"mail": choice == "on"}) if choice else call("GET", "/notice-choice")
    chosen = "you get mail when something waits for you" if found["mail"] else "you get no mail"
    none = "" if found["mail_is_sent"] else "; the settings name no mail server, so nobody gets any"
    show(found, chosen + none, as_json=as_json)


@app.command("list")
def list_notices(
    state: Annotated[str, typer.Option(help="waiting, sent, withdrawn or given-up")] = "", as_json: Json = False
) -> None:
    """List messages, newest first. Example: bailiwick notice list --state given-up."""
    found = every("/notices", "notices", state=state)
    show({"notices": found}, "\n".join(map(_line, found)) or "none", as_json=as_json)


@app.command()
def retry(notice: str, as_json: Json = False) -> None:
    """Send one again, now. Example: bailiwick notice retry ntc_06f3…."""
    done = call("POST", f"/notices/{notice}/retry")
    show(done, f"{done['id']} is sent again", as_json=as_json)


@app.command()
def chats(as_json: Json = False) -> None:
    """List the webhooks of chats. Example: bailiwick notice chats."""
    found = call("GET", "/chat-hooks")
    lines = [
        f"{item['name']:<24} {item['folder'] or 'everywhere':<24} secret {item['secret']}" for item in found["hooks"]
    ]
    show(found, "\n".join(lines) or "no chat hears of what waits", as_json=as_json)


@app.command("add-chat")
def add_chat(
    name: str,
    secret: Annotated[str, typer.Option(help="the secret of the vault that holds the webhook's URL")],
    folder: Annotated[str, typer.Option(help="what waits in this folder; everything without")] = "",
    as_json: Json = False,
) -> None:
    """Let a chat hear of what waits. Example: bailiwick notice add-chat room --secret chat-url --folder finance."""
    made = call("POST", "/chat-hooks", json={"name": name, "secret": secret, "folder": folder})
    show(made, f"{made['name']} hears what waits in {made['folder'] or 'every folder'}", as_json=as_json)


@app.command("remove-chat")
def remove_chat(name: str, reason: Reason = "", as_json: Json = False) -> None:
    """Let a chat hear of nothing more. Example: bailiwick notice remove-chat room --reason "the room is gone"."""
    done = call("POST", f"/chat-hooks/{name}/remove", json={"reason": reason})
    show(done, f"{done['name']} hears of nothing any more", as_json=as_json)


def _line(item: dict[str, Any]) -> str:
    whom = item["person"] or f"chat {item['target']}"
    why = f": {item['last_error']}" if item["last_error"] else ""
    return f"{item['id']}  {item['state']:<9}  {item['content']['app']:<24} {item['deploy'] or 'a budget'}  {whom}{why}"
