"""`bailiwick keys`: the keys that everything secret is sealed under; `bailiwick key` is about those that sign."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="The keys of the vault, under which everything secret is sealed.", no_args_is_help=True)
Tenant = Annotated[str, typer.Argument(help="its name, from: bailiwick keys show")]


class Level(StrEnum):
    """Which key is followed by another."""

    COMPANY = "company"
    TENANT = "tenant"


@app.command("show")
def show_keys(as_json: Json = False) -> None:
    """Show who holds the company's key, and the versions of the tenant's. Exit code 1 when it cannot be used.

    Example: bailiwick keys show
    """
    found = call("GET", "/encryption-keys")
    show(found, _words(found), as_json=as_json)
    raise typer.Exit(1 if found["problem"] else 0)


@app.command()
def rotate(
    level: Annotated[Level, typer.Argument(help="the company's key, or the tenant's under it")],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Have another key follow. Nothing is cut off and nothing is lost.

    Another company's key wraps the tenant's keys anew, and nothing else is touched. Under another tenant key everything
    is sealed anew in the background. Example: bailiwick keys rotate tenant --reason "once a year"
    """
    found = call("POST", f"/encryption-keys/{level.value}/rotate", json={"reason": reason})
    show(found, _words(found), as_json=as_json)


@app.command()
def move(reason: Reason = "", as_json: Json = False) -> None:
    """Wrap the tenant's keys by the provider of vault_keys.present; vault_keys.previous names the one before.

    Example: bailiwick keys move --reason "the HSM is here"
    """
    found = call("POST", "/encryption-keys/move", json={"reason": reason})
    show(found, _words(found), as_json=as_json)


@app.command()
def shred(tenant: Tenant, reason: Reason = "", as_json: Json = False) -> None:
    """Ask for the tenant's keys to be destroyed, which another person confirms within a day.

    Example: bailiwick keys shred default --reason "the contract ended"
    """
    found = call("POST", "/encryption-keys/shredding", json={"tenant": tenant, "reason": reason})
    words = f"nothing is destroyed yet: another administrator says: bailiwick keys confirm-shred {tenant} --reason …"
    show(found, words, as_json=as_json)


@app.command("withdraw-shred")
def withdraw_shred(reason: Reason = "", as_json: Json = False) -> None:
    """End a wish to destroy the tenant's keys without doing it. Example: bailiwick keys withdraw-shred --reason no."""
    found = call("POST", "/encryption-keys/shredding/withdraw", json={"reason": reason})
    show(found, f"{found['id']} is withdrawn: nothing was destroyed", as_json=as_json)


@app.command("confirm-shred")
def confirm_shred(tenant: Tenant, reason: Reason = "", as_json: Json = False) -> None:
    """Destroy the tenant's keys, which another person asked for. What they sealed opens nowhere again.

    Example: bailiwick keys confirm-shred default --reason "as agreed with legal"
    """
    found = call("POST", "/encryption-keys/shredding/confirm", json={"tenant": tenant, "reason": reason})
    lines = [f"the keys of {tenant} are destroyed: what they sealed is gone for good", found["company_key"]]
    lines.append("stop the control plane and its data planes: what they had opened is still in their memory")
    show(found, "\n".join(lines), as_json=as_json)


def _words(found: dict[str, Any]) -> str:
    lines = [f"company  {found['present'] or found['provider']}"]
    lines += [f"         CANNOT BE USED: {found['problem']}"] if found["problem"] else []
    lines += [_version(found["tenant"], item) for item in found["versions"]]
    lines.append(f"an opened tenant key is kept for {found['cache_seconds']:.0f} s")
    waiting = found["waiting"]
    lines += [f"{waiting['asked_by']} asks to destroy the tenant's keys: {waiting['reason']}"] if waiting else []
    return "\n".join(lines)


def _version(tenant: str, item: dict[str, Any]) -> str:
    made = f", made {item['made_at'][:16]}" if item["made_at"] else ""
    state = f"DESTROYED {item['destroyed_at'][:16]}" if item["destroyed_at"] else _wrapped(item)
    return f"tenant   {tenant}/{item['version']}{made}, {state}; seals {item['records']} records"


def _wrapped(item: dict[str, Any]) -> str:
    return f"wrapped by {item['kek_id']}" + (f" since {item['wrapped_at'][:16]}" if item["wrapped_at"] else "")
