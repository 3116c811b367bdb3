"""`bailiwick sandbox run`: the sandbox of an app, for anyone."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bailiwick.core.guardrails import IsolationLevel
    from bailiwick.dataplane.sandbox import Limits

app = typer.Typer(help="Run commands in the sandbox that apps get.", no_args_is_help=True)


@app.command(context_settings={"ignore_unknown_options": True})
def run(
    command: Annotated[list[str], typer.Argument(help="the command and its arguments, after --")],
    manifest: Annotated[Path | None, typer.Option(help="take the limits of this bailiwick.toml")] = None,
    level: Annotated[
        str, typer.Option(help="the level of isolation: process (with bubblewrap), gvisor or kubernetes")
    ] = "process",
    platform: Annotated[str, typer.Option(help="gVisor's platform: ptrace, systrap or kvm; else runsc's own")] = "",
    ro: Annotated[list[Path] | None, typer.Option("--ro", help="a folder to see, read-only, under /mnt")] = None,
    state: Annotated[Path | None, typer.Option(envvar="BAILIWICK_STATE", help="where runtimes are kept")] = None,
) -> None:
    """Run a command. Example: bailiwick sandbox run -- python3 -c "print(1)"."""
    from bailiwick.core.errors import BailiwickError  # noqa: PLC0415

    try:
        chosen = _required(level, platform)
        raise typer.Exit(asyncio.run(_run(command, _limits(manifest), ro or [], state_folder(state), chosen, platform)))
    except BailiwickError as fault:
        typer.secho(f"error: {fault.message}\n  {fault.hint}", fg="red", err=True)
        raise typer.Exit(125) from None


def _required(level: str, platform: str) -> "IsolationLevel":
    """Return a level of isolation that there is here; `bubblewrap` is the old name of `process`."""
    from bailiwick.core.guardrails import IsolationRails, checked_values  # noqa: PLC0415
    from bailiwick.dataplane.sandbox import require_level  # noqa: PLC0415

    wanted = "process" if level == "bubblewrap" else level
    chosen = IsolationRails.model_validate(checked_values("isolation", {"level": wanted})).level
    require_level(chosen, platform)
    return chosen


def state_folder(given: Path | None) -> Path:
    """Return the state directory that was named, or the usual one."""
    if given is not None:
        return given
    return Path("/var/lib/bailiwick") if os.geteuid() == 0 else Path("~/.local/share/bailiwick").expanduser()


def _limits(manifest: Path | None) -> "Limits":
    from bailiwick.core.manifest import parse_manifest  # noqa: PLC0415
    from bailiwick.dataplane.sandbox import Limits  # noqa: PLC0415

    if manifest is None:
        return Limits()
    declared = parse_manifest(manifest.read_text()).limits
    return Limits(
        declared.memory_bytes, declared.cpu, declared.processes, declared.disk_bytes, open_files=declared.open_files
    )


async def _run(
    command: list[str], limits: "Limits", folders: list[Path], state: Path, level: "IsolationLevel", platform: str
) -> int:
    from bailiwick.dataplane.sandbox import Mount, SandboxSpec, ensure_runtime, launch  # noqa: PLC0415
    from bailiwick.runtimes import find_node  # noqa: PLC0415

    runtime = ensure_runtime(state / "runtimes", node=find_node(), tools=True)
    mounts = tuple(Mount(folder.resolve(), f"/mnt/{folder.resolve().name}") for folder in folders)
    spec = SandboxSpec(
        id="command",
        owner="command",
        command=tuple(command),
        mounts=mounts,
        limits=limits,
        level=level,
        platform=platform,
    )
    sandbox = await launch(spec, runtime)
    try:
        while piece := await sandbox.output.read(1 << 16):
            sys.stdout.buffer.write(piece)
            sys.stdout.flush()
        ended = await sandbox.wait()
    finally:
        await sandbox.kill()
    if ended.broken_limit:
        sys.stderr.write(f"sandbox: {ended.broken_limit}\n")
    return ended.code
