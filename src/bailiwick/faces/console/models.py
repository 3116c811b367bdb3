"""The page of models: which there are, who may call them with which data, and what is used of their budgets."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.inference import Standing
from bailiwick.control.integrations import pressures
from bailiwick.core.limit_words import limit_words, pressure_words
from bailiwick.core.messages import ModelState
from bailiwick.core.stops import StopKind
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import State, count, listed

_WIRES = {"openai": "OpenAI's wire", "anthropic": "Anthropic's wire"}
_MOST_USES = 20


@dataclass(frozen=True, slots=True)
class BudgetView:
    """A budget as the page shows it: what it allows, and how full it is, the fullest first; `more` are left out."""

    name: str
    words: str
    uses: tuple[tuple[State, str, int], ...]
    more: int


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model as the page shows it."""

    found: ModelState
    state: State
    stopped: str
    wire: str
    facts: tuple[tuple[str, str], ...]
    budgets: tuple[BudgetView, ...]
    limits: tuple[str, ...]
    pressures: tuple[str, ...]


def add_models(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page."""

    @app.get("/models", response_class=HTMLResponse)
    def models(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            found, standings = control.planes.models.seen_by(session, visitor.identity)
            views = [_view(control, session, model, standings) for model in found]
        own = {budget.name for model in found for budget in model.budgets}
        shared = [_budget(item) for item in standings if item.budget.name not in own]
        return pages.render(
            request, "models", visitor, views=views, budgets=shared, glance=_glance(views, standings)
        )  # fmt: skip


def _view(control: ControlPlane, session: Session, model: ModelState, standings: Sequence[Standing]) -> ModelView:
    stops, planes = control.stops.now(session), control.settings.planes
    why = {plane: stops.on_way(StopKind.MODEL, model.name, plane) for plane in planes}
    stopped = "; ".join(f"{plane}: {words}" for plane, words in why.items() if words)
    own = {budget.name for budget in model.budgets}
    mine = [item for item in standings if item.budget.name in own]
    spent = any(use.is_spent for item in mine for use in item.uses)
    told = pressures(session).get(f"model:{model.name}", ())
    failing = any(item.report.breaker != "closed" and item.is_fresh(control.clock()) for item in told)
    state = (
        State("stopped", "bad") if stopped else State("budget spent", "warn") if spent else State("available", "good")
    )
    state = State("left alone, it fails", "bad") if failing and not stopped else state
    return ModelView(
        model,
        state,
        stopped,
        _WIRES[model.family],
        tuple(_facts(model)),
        tuple(_budget(item) for item in mine),
        tuple(limit_words(model.limits)),
        tuple(words for item in told for words in pressure_words(item.plane, item.report)),
    )


def _facts(model: ModelState) -> list[tuple[str, str]]:
    open_to = listed(sorted(model.open_to)) or "nobody"
    classes = listed(sorted(model.data_classes)) if model.data_classes else "none"
    if model.data_classes is None:
        classes = "any in the editor's environment, none in production"
    price = model.price
    cost = f"{price.input:g} sent, {price.output:g} answered, of a million tokens" if price else "not said"
    return [
        ("open to", open_to),
        ("environments", listed(sorted(model.environments)) or "none"),
        ("classes of data", classes),
        ("regions", listed(sorted(model.regions)) or "any"),
        ("images and files", "pass" if model.images else "do not pass"),
        ("taken out of prompts", "secrets and personal data" if model.redact == "all" else "secrets"),
        ("answers in its place", listed(model.fallback) or "none"),
        ("price", cost),
    ]


def _budget(item: Standing) -> BudgetView:
    models = listed(sorted(item.budget.models)) or "all models"
    words = f"{item.limits} a {item.budget.per} for {item.budget.of}, of {models}"
    uses = tuple(
        (
            State("stopped", "bad")
            if use.is_spent
            else State("warned", "warn")
            if use.is_near
            else State("has room", "good"),
            f"{use.of}, {use.plane or 'all planes'}: {use.words}",
            round(use.share * 100),
        )
        for use in item.uses[:_MOST_USES]
    )
    return BudgetView(item.budget.name, words, uses, max(0, len(item.uses) - _MOST_USES))


def _glance(views: Sequence[ModelView], standings: Sequence[Standing]) -> str:
    if not views:
        return "No model is configured that you may see."
    stopped = [view.found.name for view in views if view.stopped]
    if stopped:
        return f"Stopped by the kill switch: {listed(stopped)}."
    spent = [item.budget.name for item in standings if any(use.is_spent for use in item.uses)]
    if spent:
        return f"{count(len(views), 'model')}; {count(len(spent), 'budget is', 'budgets are')} spent: {listed(spent)}."
    near = [item.budget.name for item in standings if any(use.is_near for use in item.uses)]
    if near:
        words = count(len(near), "budget is", "budgets are")
        return f"{count(len(views), 'model')}; {words} nearly spent: {listed(near)}."
    return f"{count(len(views), 'model')}, all available, and every budget has room."
