"""Tells the control plane, when somebody asked for it, what tables there are and how far a draft's rows stand apart."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import CatalogueReport, GrantPreview, SystemState, UniquenessReport
from bailiwick.dataplane.gateways.sql import read_catalogue
from bailiwick.dataplane.grant_drafts.rows import count_unique
from bailiwick.dataplane.grant_drafts.systems import Systems

_LOG = logging.getLogger("bailiwick.plane.grant-drafts")
_EVERY_SECONDS = 0.5
_COUNT_SECONDS = 60.0


@dataclass
class DraftWork:
    """Does each thing that is asked for once; one after the other, so that no system is asked twice at a time."""

    systems: Systems
    report: Callable[[CatalogueReport | UniquenessReport], None]
    clock: Clock
    _done: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Do what is asked for, for ever."""
        while True:
            await self.do()
            await asyncio.sleep(_EVERY_SECONDS)

    async def do(self) -> None:
        """Do what was asked for and is not done."""
        looks, previews = self.systems.looks(), self.systems.previews()
        asked = set(looks) | {item.draft for _, item in previews}
        self._done &= asked
        for look, system in looks.items():
            if look not in self._done:
                self._done.add(look)
                self.report(await self._look(system))
        for system, preview in previews:
            if preview.draft not in self._done:
                self._done.add(preview.draft)
                self.report(await self._count(system, preview))

    async def _look(self, system: SystemState) -> CatalogueReport:
        try:
            async with self.systems.connected(system.connection, "catalogue") as connection:
                found = await read_catalogue(connection)
        except (BailiwickError, OSError) as fault:
            _LOG.warning("the tables of %s cannot be seen: %s", system.name, type(fault).__name__)
            words = fault.message if isinstance(fault, BailiwickError) else "the database does not answer"
            return CatalogueReport(integration=system.name, tables=(), fault=words[:300], time=self.clock())
        return CatalogueReport(integration=system.name, tables=found.tables, left_out=found.left_out, time=self.clock())

    async def _count(self, system: SystemState, preview: GrantPreview) -> UniquenessReport:
        counted = []
        try:
            async with (
                asyncio.timeout(_COUNT_SECONDS),
                self.systems.connected(system.connection, "counting") as connection,
            ):
                for table in preview.grant.tables:
                    found = await count_unique(connection, preview, table)
                    if found is not None:
                        counted.append(found)
        except (BailiwickError, OSError, TimeoutError) as fault:
            _LOG.warning("rows of %s cannot be counted: %s", system.name, type(fault).__name__)
        return UniquenessReport(integration=system.name, draft=preview.draft, tables=tuple(counted), time=self.clock())
