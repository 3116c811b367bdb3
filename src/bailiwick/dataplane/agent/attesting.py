"""Attests what runs: measures an instance's files where they are mounted from, and signs what was found."""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bailiwick.core.artifacts import digest, git_tree_id
from bailiwick.core.attestation import Measured, running_statement
from bailiwick.core.manifest import FILE_NAME
from bailiwick.core.messages import AppState, AttestationReport
from bailiwick.core.statements import SigningKey, sign_statement
from bailiwick.dataplane.agent.releases import Prepared, files_of
from bailiwick.dataplane.sandbox import Layer, LayerError, Runtime, digest_of
from bailiwick.version import product_digest, product_version

_UNREADABLE = "unreadable"


class Running(Protocol):
    """What is needed of an instance."""

    @property
    def state(self) -> AppState:
        """The app as it was to be served when it was started."""

    @property
    def prepared(self) -> Prepared:
        """What it was started from."""

    @property
    def runtime(self) -> Runtime | None:
        """What it runs on, None where nothing runs."""

    @property
    def layer(self) -> Layer | None:
        """Its dependencies."""

    @property
    def level(self) -> str:
        """The level of its sandbox, and how its limits are enforced."""


class Attester:
    """Signs with a key of this plane, which never leaves it."""

    def __init__(
        self,
        *,
        plane: str,
        key: SigningKey,
        report: Callable[[AttestationReport], None],
        policies: Callable[[], int],
        clock: Callable[[], datetime],
    ) -> None:
        self._plane = plane
        self._key = key
        self._report = report
        self._policies = policies
        self._clock = clock

    async def attest(self, instance: Running, because: str) -> None:
        """Measure an instance and report what was found, whatever that is."""
        measured = await asyncio.to_thread(self._measure, instance)
        state, prepared = instance.state, instance.prepared
        manifest = digest(prepared.verified.files[FILE_NAME].content)
        statement = running_statement(
            prepared.verified, manifest, measured, plane=self._plane, time=self._clock(), because=because
        )
        self._report(
            AttestationReport(
                app=state.app,
                mode=state.mode,
                release=state.release,
                envelope=sign_statement(statement, self._key),
                public_key=self._key.public_text,
                time=self._clock(),
                branch=state.branch,
            )
        )

    def _measure(self, instance: Running) -> Measured:
        files = files_of(instance.prepared.tree)
        written = files.get(FILE_NAME) if files is not None else None
        return Measured(
            tree=git_tree_id(files) if files is not None else _UNREADABLE,
            dependencies=_digest(instance.layer),
            manifest=digest(written.content) if written is not None else _UNREADABLE,
            reach=instance.state.reach,
            policies=self._policies(),
            sandbox=instance.level,
            runtime=instance.runtime.root.name if instance.runtime is not None else "none",
            version=product_version(),
            platform=product_digest(),
        )


def own_key(place: Path) -> SigningKey:
    """Return the key of a plane in a file that only the plane may read, making it at the first time."""
    if not place.exists():
        unfinished = place.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(SigningKey.generate().to_raw())
        unfinished.replace(place)
    return SigningKey.from_raw(place.read_bytes())


def _digest(layer: Layer | None) -> str:
    if layer is None:
        return ""
    try:
        return digest_of(layer.folder)
    except (LayerError, OSError):
        return _UNREADABLE
