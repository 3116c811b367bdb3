"""An upgrade, step by step: each step is written down once it is done, and safe to do again after a kill.

Until the backup is made nothing of the installation was changed. From then on an upgrade comes to its end or goes back:
to the database and files as they were, and to the environment that was used before.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.backup import Source, Target, check_backup, find_key, make_backup, require_stopped, restore
from bailiwick.control.declared import differences, effective
from bailiwick.control.settings import ControlSettings
from bailiwick.control.upgrades.bundle import unpack, unpacked
from bailiwick.control.upgrades.environments import build, switch
from bailiwick.control.upgrades.errors import NotConfiguredError, UpgradeBusyError, UpgradeFailedError
from bailiwick.control.upgrades.model import Journal, Release, Step
from bailiwick.control.upgrades.trial import Version
from bailiwick.control.upgrades.trust import Trust, require_current, require_newer
from bailiwick.control.vault import open_keys
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.files import write_private
from bailiwick.store import Store
from bailiwick.store.dump import schema_version

_JOURNAL, _LOCK = "upgrade.json", "upgrade.lock"


@dataclass(frozen=True, slots=True)
class Plant:
    """What is upgraded: the settings and their file, the environment in use, and the version in it."""

    settings: ControlSettings
    config: Path
    environment: Path
    version: str
    clock: Clock

    @property
    def environments(self) -> Path:
        """Where environments, backups and the journal are."""
        if self.settings.upgrades is None:
            raise NotConfiguredError(
                "the settings say nothing of upgrades", hint="set upgrades.keys and upgrades.environments"
            )
        return self.settings.upgrades.environments

    @property
    def trust(self) -> Trust:
        """Whose word counts."""
        self.environments  # noqa: B018 - raises where nothing is set
        assert self.settings.upgrades is not None  # noqa: S101 - seen above
        return Trust(self.settings.upgrades.keys, self.settings.upgrades.threshold)

    @property
    def target(self) -> Target:
        """The database and the state."""
        return Target(self.settings.database_url.get_secret_value(), self.settings.state)


def apply(plant: Plant, bundle: Path, *, by: str) -> Journal:
    """Upgrade to a bundle's release; return how that ended: DONE, or WENT_BACK or ABANDONED with the problem.

    Raises `ReleaseRefusedError` for a release that is not taken, `UpgradeBusyError` while one is under way or the
    control plane runs. After a kill `resume` goes on.
    """
    with _alone(plant):
        last = read_journal(plant)
        if last is not None and not last.step.is_final:
            raise UpgradeBusyError(
                f"an upgrade to {last.version} was broken off", hint="end it first: bailiwick upgrade resume"
            )
        require_stopped(plant.target)
        staging = plant.environments / ".staging"
        release = unpack(bundle, staging, plant.trust)
        require_current(release.expires, plant.clock())
        require_newer(release, plant.version)
        _replace_folder(staging, _unpacked(plant, release.version))
        journal = Journal(
            version=release.version,
            from_version=plant.version,
            from_environment=str(plant.environment),
            from_schema=schema_version(plant.target.url),
            by=by,
            began=plant.clock(),
            step=Step.STAGED,
        )
        return _run(plant, _write(plant, journal))


def resume(plant: Plant) -> Journal:
    """Go on with an upgrade that was broken off; return how it ended. Raises `UpgradeBusyError` when there is none."""
    with _alone(plant):
        journal = read_journal(plant)
        if journal is None or journal.step.is_final:
            raise UpgradeBusyError("no upgrade was broken off")
        require_stopped(plant.target)
        if journal.step in {Step.SAVED, Step.CHANGING} and _is_untouched(plant, journal):
            # The old version may have worked meanwhile: a backup from before that would take it back too far.
            journal = journal.model_copy(update={"step": Step.INSTALLED})
        return _run(plant, journal)


def go_back(plant: Plant, *, by: str) -> Journal:
    """Take the last upgrade back: everything as it was before it, what came after is lost. Everybody signs in again.

    Raises `UpgradeBusyError` when the last one did not come to its end, or the control plane runs.
    """
    with _alone(plant):
        journal = read_journal(plant)
        if journal is None or journal.step is not Step.DONE:
            raise UpgradeBusyError("there is no upgrade that could be taken back")
        require_stopped(plant.target)
        update = {"step": Step.GOING_BACK, "by": by, "problem": "taken back"}
        return _run(plant, _write(plant, journal.model_copy(update=update)))


def read_journal(plant: Plant) -> Journal | None:
    """Return the last upgrade; None when there was none."""
    file = plant.environments / _JOURNAL
    return Journal.model_validate_json(file.read_bytes()) if file.exists() else None


def backup_of(plant: Plant, version: str) -> Path:
    """Return where the backup is that was made before a version."""
    return plant.environments / f"before-{version}.bw"


def _run(plant: Plant, journal: Journal) -> Journal:
    """Do what is left to do; a failure ends it where nothing was changed, and turns it back where something was."""
    steps: Mapping[Step, Callable[[Plant, Journal], Step]] = {
        Step.STAGED: _install,
        Step.INSTALLED: _save,
        Step.SAVED: _begin,
        Step.CHANGING: _change,
    }
    while not journal.step.is_final:
        if journal.step is Step.GOING_BACK:
            journal = _write(plant, journal.model_copy(update={"step": _undo(plant, journal)}))
            continue
        try:
            step, problem = steps[journal.step](plant, journal), ""
        except (BailiwickError, OSError) as fault:
            problem = fault.message if isinstance(fault, BailiwickError) else str(fault)
            step = Step.GOING_BACK if journal.step is Step.CHANGING else Step.ABANDONED
        journal = _write(plant, journal.model_copy(update={"step": step, "problem": problem}))
    return journal


def _install(plant: Plant, journal: Journal) -> Step:
    release = unpacked(_unpacked(plant, journal.version), plant.trust)
    build(_environment(plant, journal), release, _unpacked(plant, journal.version))
    found = _new(plant, journal).ask("version")
    if found != journal.version:
        raise UpgradeFailedError(f"the release says {journal.version}, and what it installs says {found}")
    return Step.INSTALLED


def _save(plant: Plant, journal: Journal) -> Step:
    target = backup_of(plant, journal.version)
    target.unlink(missing_ok=True)
    for leftover in target.parent.glob(f".{target.name}.unfinished-*"):
        leftover.unlink()
    store = Store.connect(plant.target.url)
    try:
        source = Source(
            store,
            plant.target.url,
            plant.settings.state,
            plant.settings.public_url,
            plant.version,
            plant.settings.vault_keys,
        )
        # The vault's key stays where it is: this backup never leaves the host.
        make_backup(source, target, None, by=journal.by, clock=plant.clock)
    finally:
        store.dispose()
    return Step.SAVED


def _begin(_plant: Plant, _journal: Journal) -> Step:
    return Step.CHANGING


def _change(plant: Plant, journal: Journal) -> Step:
    """Migrate, start, check, prove that no setting moved, and switch over."""
    new = _new(plant, journal)
    release = unpacked(_unpacked(plant, journal.version), plant.trust)
    require_unmoved(effective(plant.settings), new.settings(), release)
    new.ask("migrate")
    new.ask("check")
    new.come_up()
    new.ask("note", "upgrade.applied", journal.by, _facts(journal))
    switch(plant.environments, _environment(plant, journal))
    return Step.DONE


def require_unmoved(before: Mapping[str, str], after: Mapping[str, str], release: Release) -> None:
    """Return when every setting is as it was, besides new ones that the release declares; raise otherwise."""
    declared = {change.name for change in release.settings}
    moved = [
        item
        for item in differences(before, after)
        if item.name in before or not any(item.name.startswith(name) for name in declared)
    ]
    if moved:
        first = moved[0]
        raise UpgradeFailedError(
            f"the upgrade would move settings: {first.name} from {first.before!r} to {first.after!r}"
            + (f", and {len(moved) - 1} others" if len(moved) > 1 else "")
        )


def _undo(plant: Plant, journal: Journal) -> Step:
    old = Version(Path(journal.from_environment), plant.config)
    backup, keys, state = backup_of(plant, journal.version), plant.settings.vault_keys, plant.settings.state
    if keys.in_state:
        checked = check_backup(backup, key_file=find_key(state))
    else:
        checked = check_backup(backup, keys=open_keys(keys, state))
    restore(checked, plant.target, plant.clock)
    if (plant.environments / "current").is_symlink():
        switch(plant.environments, old.environment)
    if journal.problem == "taken back":
        # Time has passed, and what was revoked in it would be good again.
        old.ask("restored", journal.by, f"{checked.manifest.made:%Y-%m-%dT%H:%M:%SZ}")
    old.ask("note", "upgrade.went-back", journal.by, _facts(journal))
    return Step.WENT_BACK


def _is_untouched(plant: Plant, journal: Journal) -> bool:
    return schema_version(plant.target.url) == journal.from_schema


def _facts(journal: Journal) -> str:
    return journal.model_dump_json(include={"version", "from_version", "problem"})


def _new(plant: Plant, journal: Journal) -> Version:
    return Version(_environment(plant, journal), plant.config)


def _environment(plant: Plant, journal: Journal) -> Path:
    return plant.environments / journal.version


def _unpacked(plant: Plant, version: str) -> Path:
    return plant.environments / f"{version}.bundle"


def _replace_folder(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)


def _write(plant: Plant, journal: Journal) -> Journal:
    file = write_private(plant.environments / _JOURNAL, journal.model_dump_json(indent=2))
    descriptor = os.open(file.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return journal


@contextmanager
def _alone(plant: Plant) -> Iterator[None]:
    """Keep everybody else from upgrading until the block ends, or this process does."""
    plant.environments.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (plant.environments / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UpgradeBusyError("another upgrade is under way") from None
        try:
            yield
        except OSError as fault:
            raise UpgradeFailedError(
                f"the upgrade stopped where it was: {fault.strerror or fault}",
                hint="make room, or let this user write there; then: bailiwick upgrade resume, or apply once more",
            ) from fault
