"""Models over the API: which ones one may call, and a short-lived token for their gateway."""

from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.inference import Standing
from bailiwick.core.messages import MILLIONTHS, ModelState, Unit
from bailiwick.faces.api.pages import Cursor, Limit, page

Json = dict[str, Any]


def add_models(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add models to the API."""
    gateway = control.settings.inference.gateway

    @api.get("/v1/models")
    def models(identity: Caller, cursor: Cursor = "", limit: Limit = 100) -> Json:
        with control.store.transaction() as session:
            found = control.planes.models.open_to(session, identity)
        shown, further = page(found, lambda model: model.name, cursor, limit)
        return {"models": [_model(model) for model in shown], "cursor": further, "gateway": gateway}

    @api.get("/v1/model-budgets")
    def model_budgets(identity: Caller) -> Json:
        """Budgets of the models that one sees, and what is used of them; of others' use whoever may read models."""
        with control.store.transaction() as session:
            _, found = control.planes.models.seen_by(session, identity)
        return {"budgets": [_budget(item) for item in found]}

    @api.get("/v1/budget-notices")
    def budget_notices(identity: Caller) -> Json:
        """Budgets of one's own that are nearly used or stop calls now, as far as one did not put that away."""
        with control.store.transaction() as session:
            found = control.budget_notices.waiting(session, identity)
        return {"notices": [{**asdict(item), "sentence": item.sentence} for item in found]}

    @api.post("/v1/budget-notices/{notice}/put-away")
    def put_away(identity: Caller, notice: str) -> Json:
        control.budget_notices.put_away(identity, notice)
        return {"id": notice, "waits": False}

    @api.post("/v1/model-tokens", status_code=201)
    def model_token(identity: Caller, response: Response) -> Json:
        response.headers["cache-control"] = "no-store"
        issued = control.planes.models.issue_token(identity)
        return {"token": issued.token, "expires": issued.expires.isoformat(), "gateway": gateway}


def _model(model: ModelState) -> Json:
    return {
        "name": model.name,
        "family": model.family,
        "model": model.model,
        "price": model.price.model_dump() if model.price is not None else None,
        "fallback": list(model.fallback),
        "environments": sorted(model.environments),
        "data_classes": sorted(model.data_classes) if model.data_classes is not None else None,
        "regions": sorted(model.regions),
        "images": model.images,
        "logs": model.logs,
        "answers": model.answers.model_dump(mode="json") if model.answers is not None else None,
    }


def _budget(item: Standing) -> Json:
    budget = item.budget
    return {
        "name": budget.name,
        "of": budget.of,
        "models": sorted(budget.models),
        "per": budget.per,
        "limits": {unit: _amount(unit, limit) for unit, limit in budget.limits.items()},
        "currency": budget.currency,
        "words": item.limits,
        "uses": [
            {
                "of": use.of,
                "plane": use.plane,
                "unit": use.unit,
                "used": _amount(use.unit, use.used),
                "left": _amount(use.unit, max(0, use.limit - use.used)),
                "share": round(use.share, 4),
                "warned": use.is_near,
                "stopped": use.is_spent,
                "words": use.words,
            }
            for use in item.uses
        ],
    }


def _amount(unit: Unit, amount: int) -> float:
    """Return an amount in whole units: money is counted in millionths."""
    return amount / MILLIONTHS if unit == "money" else amount
