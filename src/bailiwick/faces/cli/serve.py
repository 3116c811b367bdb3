"""`bailiwick serve`: the processes of a real installation."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.faces.cli.operator import explaining, load_settings, read_settings

app = typer.Typer(help="Run a part of Bailiwick.", no_args_is_help=True)
Config = Annotated[Path, typer.Option("--config", exists=True, dir_okay=False, help="the settings, in YAML")]


@app.command()
def control(config: Config) -> None:
    """Run the control plane."""
    from bailiwick.control.wiring import build_control  # noqa: PLC0415
    from bailiwick.faces.server import serve_control  # noqa: PLC0415

    settings = load_settings(config)
    with explaining():
        built = build_control(settings)
    asyncio.run(serve_control(built))


@app.command("data-plane")
def data_plane(config: Config) -> None:
    """Run a data plane."""
    from bailiwick.dataplane.app import run  # noqa: PLC0415
    from bailiwick.dataplane.settings import DataPlaneSettings  # noqa: PLC0415

    run(read_settings(DataPlaneSettings.load, config), config.resolve())


@app.command()
def front(config: Config) -> None:
    """Run the front, which joins browsers to planes by host name."""
    from bailiwick.dataplane.router import run_front  # noqa: PLC0415
    from bailiwick.dataplane.settings import FrontSettings  # noqa: PLC0415

    settings = read_settings(FrontSettings.load, config)
    serving = run_front(
        settings.host, settings.port, settings.forward, announce=settings.announce, others=settings.others
    )
    asyncio.run(serving)
