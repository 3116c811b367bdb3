"""Stops as they come to a plane: what an order closes at once, and what ends that is open through a closed way."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bailiwick.core.messages import AppState, DesiredState, KillOrder
from bailiwick.core.stops import StopKind

# A way out of apps that is closed: an integration or a model, by name.
Way = tuple[StopKind, str]


class Cuttable(Protocol):
    """A gateway that can end what is open through it."""

    def end_using(self, name: str) -> None:
        """End what is open through the integration, or the model, of this name."""


def stops_app(order: KillOrder, state: AppState, plane: str) -> bool:
    """Return whether an order stops an app in the mode that it runs in here."""
    return state.mode in order.modes and order.scope.covers_app(state.app, state.tenant, plane, order.apps)


def closed_by(desired: DesiredState, order: KillOrder) -> DesiredState:
    """Return a desired state with the ways closed that an order closes, until the state that says so comes."""

    def closed(app: AppState) -> AppState:
        return app.model_copy(
            update={
                "integrations": tuple(
                    item.model_copy(update={"enabled": False, "stopped": order.because})
                    if order.scope.covers_way(StopKind.INTEGRATION, item.resource, app.tenant, desired.plane)
                    else item
                    for item in app.integrations
                )
            }
        )

    tenants = {app.tenant for app in desired.apps}
    models = tuple(
        item.model_copy(update={"stopped": order.because})
        if any(order.scope.covers_way(StopKind.MODEL, item.name, tenant, desired.plane) for tenant in tenants or {""})
        else item
        for item in desired.models
    )
    return desired.model_copy(
        update={
            "apps": tuple(map(closed, desired.apps)),
            "candidates": tuple(map(closed, desired.candidates)),
            "models": models,
        }
    )


def closed_ways(desired: DesiredState) -> frozenset[Way]:
    """Return the integrations and models that are closed at a plane."""
    integrations = {
        (StopKind.INTEGRATION, item.resource)
        for app in desired.releases
        for item in app.integrations
        if item.stopped or item.off
    }
    return frozenset(integrations | {(StopKind.MODEL, item.name) for item in desired.models if item.stopped})


@dataclass
class Cutter:
    """Ends what is open through ways that close: at once, or when the time that it may take is over."""

    integrations: Sequence[Cuttable]
    models: Cuttable
    later: Callable[[Coroutine[Any, Any, None]], None]
    _closed: frozenset[Way] = field(default_factory=frozenset)

    def take(self, desired: DesiredState, drain_seconds: float = 0) -> None:
        """End what is open through what is closed from now on, after a time that is 0 but for orders that say one."""
        closed = closed_ways(desired)
        news, self._closed = closed - self._closed, closed
        if drain_seconds <= 0:
            self._cut(news)
        elif news:
            self.later(self._cut_after(news, drain_seconds))

    async def _cut_after(self, ways: frozenset[Way], seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._cut(ways & self._closed)

    def _cut(self, ways: frozenset[Way]) -> None:
        for kind, name in ways:
            for gateway in self.integrations if kind is StopKind.INTEGRATION else (self.models,):
                gateway.end_using(name)
