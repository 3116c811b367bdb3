"""Conversations of the studio on the command line: list, show, delete."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Your conversations in the studio.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="the conversation, as `bailiwick studio list` names it")]
_LONGEST = 2000


@app.command("list")
def list_conversations(as_json: Json = False) -> None:
    """List your conversations, newest first. Example: bailiwick studio list."""
    found = call("GET", "/studio/conversations")
    none = "none: begin one in the console, at /studio"
    show(found, "\n".join(map(_line, found["conversations"])) or none, as_json=as_json)


@app.command("show")
def show_conversation(conversation: Id, as_json: Json = False) -> None:
    """Show a conversation with its steps. Example: bailiwick studio show std_01J…."""
    found = call("GET", f"/studio/conversations/{conversation}")
    show(found, "\n".join([_line(found), "", *map(_step, found["steps"])]), as_json=as_json)


@app.command()
def delete(
    conversation: Id,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Delete a conversation of yours for good. Example: bailiwick studio delete std_01J… --yes.

    Its words, drafts and pictures go; what came of it in git, and the audit log, stay.
    """
    if not yes:
        typer.confirm(f"delete {conversation} for good?", abort=True)
    call("DELETE", f"/studio/conversations/{conversation}")
    typer.echo(f"{conversation} is deleted")


def _line(item: dict[str, Any]) -> str:
    title = _shown(item["title"]) or "not begun"
    return f"{item['id']:<32} {item['state']:<8} {item['app']:<24} {item['model']:<16} {item['updated'][:16]}  {title}"


def _step(step: dict[str, Any]) -> str:
    said, text = step["tool"] or step["kind"], _shown(step["text"])
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f"{step['number']:>4} {step['time'][:16]} {_shown(said)}: {text}".rstrip()


def _shown(text: str) -> str:
    """Return a text without what would steer a terminal: a model may have written it."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)
