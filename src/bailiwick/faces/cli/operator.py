"""What verbs of the host share: they work with the settings and the database, as the user of this process."""

import contextlib
import getpass
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bailiwick.core.errors import BailiwickError
from bailiwick.faces.cli.client import fail

if TYPE_CHECKING:
    from bailiwick.control.settings import ControlSettings

_Settings = TypeVar("_Settings")
Config = Annotated[
    Path,
    typer.Option("--config", envvar="BAILIWICK_CONFIG", dir_okay=False, help="the control plane's settings, in YAML"),
]


def operator() -> str:
    """Return the written name of whoever runs this process: the user of the host, also behind sudo."""
    name = os.environ.get("SUDO_USER") if os.geteuid() == 0 else ""
    return f"operator:{name or getpass.getuser()}"


def load_settings(config: Path) -> "ControlSettings":
    """Return the control plane's settings, or end with what is wrong with them; values are not shown."""
    from bailiwick.control.settings import ControlSettings  # noqa: PLC0415

    return read_settings(ControlSettings.load, config)


def read_settings(load: Callable[[Path], _Settings], config: Path) -> _Settings:
    """Return what `load` makes of a file of settings, or end with what is wrong with them; values are not shown."""
    from pydantic import ValidationError  # noqa: PLC0415
    from yaml import YAMLError  # noqa: PLC0415

    try:
        return load(config)
    except ValidationError as fault:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in fault.errors())
        fail({"title": f"the settings in {config} are wrong", "hint": wrong})
    except (OSError, YAMLError, TypeError) as fault:
        what = fault.strerror if isinstance(fault, OSError) else "it is not YAML"
        fail({"title": f"the settings in {config} cannot be read", "hint": f"{what}"})


@contextlib.contextmanager
def explaining() -> Iterator[None]:
    """End with the words of an error that a person may see."""
    try:
        yield
    except BailiwickError as fault:
        fail(fault.problem())
