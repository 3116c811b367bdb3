"""`bailiwick upgrade`: look for a newer version, see what it changes, take it, and go back."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bailiwick.faces.cli.client import fail, show
from bailiwick.faces.cli.operator import Config, explaining, load_settings, operator
from bailiwick.faces.cli.options import Json
from bailiwick.faces.cli.upgrade_making import make_bundle, make_key

if TYPE_CHECKING:
    from bailiwick.control.upgrades import ChannelReader, Journal, Plant, Release

app = typer.Typer(help="The platform's own upgrades, on the host of the control plane.", no_args_is_help=True)
app.command("make-key")(make_key)
app.command("make-bundle")(make_bundle)
Bundle = Annotated[Path | None, typer.Argument(help="a bundle; the newest of the channel when none is given")]


@app.command()
def check(config: Config, as_json: Json = False) -> None:
    """Ask the channel for a newer version. Example: bailiwick upgrade check --config control.yaml."""
    plant = _plant(config)
    with explaining():
        offer = _channel(plant).newest(plant.clock(), plant.version)
    value = {"installed": plant.version, "newest": offer.version if offer else plant.version}
    words = f"{offer.version} is there" if offer else "nothing newer is there"
    show(value, f"{plant.version} is installed, {words}", as_json=as_json)


@app.command("show")
def show_release(config: Config, bundle: Bundle = None, as_json: Json = False) -> None:
    """Show what a version changes, and change nothing. Example: bailiwick upgrade show bailiwick-1.2.bundle."""
    from bailiwick.control.upgrades import read_release, require_current, require_newer  # noqa: PLC0415
    from bailiwick.store.dump import schema_version  # noqa: PLC0415

    plant = _plant(config)
    with explaining():
        release = read_release(bundle or _fetched(plant), plant.trust)
        require_current(release.expires, plant.clock())
        require_newer(release, plant.version)
        here = schema_version(plant.target.url)
    lines = _described(release, here)
    show(release.model_dump(mode="json", exclude={"requirements"}), "\n".join(lines), as_json=as_json)


@app.command("apply")
def apply_release(config: Config, bundle: Bundle = None, as_json: Json = False) -> None:
    """Upgrade: back up, install beside the old version, migrate, try, switch over; or go back by itself."""
    from bailiwick.control.upgrades import apply  # noqa: PLC0415

    plant = _plant(config)
    with explaining():
        journal = apply(plant, bundle or _fetched(plant), by=operator())
    _tell(journal, plant, as_json=as_json)


@app.command("resume")
def resume_upgrade(config: Config, as_json: Json = False) -> None:
    """Bring an upgrade that was broken off to its end."""
    from bailiwick.control.upgrades import resume  # noqa: PLC0415

    plant = _plant(config)
    with explaining():
        journal = resume(plant)
    _tell(journal, plant, as_json=as_json)


@app.command("back")
def take_back(
    config: Config,
    lose: Annotated[
        bool, typer.Option("--lose-what-came-after", help="you know that what was done since the upgrade is lost")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take the last upgrade back, with the database and the files as they were before it."""
    from bailiwick.control.upgrades import backup_of, go_back, read_journal  # noqa: PLC0415

    plant = _plant(config)
    with explaining():
        last = read_journal(plant)
        if last is not None and not lose:
            since = f"everything since {last.began:%Y-%m-%d %H:%M} UTC, the backup {backup_of(plant, last.version)}, is"
            fail({"title": f"{since} what would be lost", "hint": "say so: --lose-what-came-after"})
        journal = go_back(plant, by=operator())
    _tell(journal, plant, as_json=as_json)


@app.command()
def status(config: Config, as_json: Json = False) -> None:
    """Show what became of the last upgrade."""
    from bailiwick.control.upgrades import read_journal  # noqa: PLC0415

    plant = _plant(config)
    with explaining():
        journal = read_journal(plant)
    value = {"installed": plant.version, "last": journal.model_dump(mode="json") if journal else None}
    words = f"{plant.version} is installed"
    if journal is not None:
        words += f"\n{_ended(journal)}, begun {journal.began:%Y-%m-%d %H:%M} UTC by {journal.by}"
    show(value, words, as_json=as_json)


def _plant(config: Path) -> "Plant":
    from bailiwick.control.upgrades import Plant  # noqa: PLC0415
    from bailiwick.core.clock import utc_now  # noqa: PLC0415
    from bailiwick.version import product_version  # noqa: PLC0415

    return Plant(load_settings(config), config.resolve(), Path(sys.prefix), product_version(), utc_now)


def _channel(plant: "Plant") -> "ChannelReader":
    from bailiwick.control.upgrades import ChannelReader  # noqa: PLC0415

    plant.environments.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen = plant.settings.upgrades
    address, ca_file = (chosen.channel, chosen.ca_file) if chosen else ("", None)
    return ChannelReader(address, plant.trust, plant.environments / "channel.seen", ca_file)


def _fetched(plant: "Plant") -> Path:
    channel = _channel(plant)
    offer = channel.newest(plant.clock(), plant.version)
    if offer is None:
        fail({"title": f"the channel has nothing newer than {plant.version}"})
    return channel.fetch(offer, plant.environments / "bundles")


def _described(release: "Release", schema: str) -> list[str]:
    """Return what changes, a line each."""
    lines = [f"Bailiwick {release.version}, made {release.made:%Y-%m-%d}, to be taken until {release.expires:%Y-%m-%d}"]
    parts: list[tuple[str, list[Any], str]] = [
        ("migrations", [item for item in release.migrations if item.name > schema], ""),
        ("new settings", list(release.settings), ""),
        ("new telemetry", list(release.telemetry), " (off)"),
        ("checks", list(release.checks), ""),
    ]
    for title, changes, mark in parts:
        lines.append(f"{title}: {'' if changes else 'none'}".rstrip())
        lines += [f"  {item.name}{mark}  {item.says}".rstrip() for item in changes]
    lines.append(f"packages that come along: {len(release.wheels)} of {len(release.requirements) + 1}")
    return [*lines, *([release.notes] if release.notes else [])]


def _tell(journal: "Journal", plant: "Plant", *, as_json: bool) -> None:
    from bailiwick.control.upgrades import Step  # noqa: PLC0415

    words = _ended(journal)
    if journal.step is Step.DONE:
        words += (
            f"\nno setting moved; start the control plane: {plant.environments / 'current'}/bin/bailiwick serve control"
        )
    elif journal.step is Step.ABANDONED:
        words += "\nnothing of the installation was changed"
    else:
        words += f"\nthe database and the files are as they were before it; {journal.from_version} is in use"
    show(journal.model_dump(mode="json"), words, as_json=as_json)
    good = journal.step is Step.DONE or journal.problem == "taken back"
    raise typer.Exit(0 if good else 1)


def _ended(journal: "Journal") -> str:
    between = f"{journal.from_version} to {journal.version}"
    problem = f": {journal.problem}" if journal.problem else ""
    return f"upgrade from {between}: {journal.step.value}{problem}"
