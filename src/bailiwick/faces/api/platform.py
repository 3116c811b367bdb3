"""Business systems over the API."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query

from bailiwick.control.app import ControlPlane
from bailiwick.control.integrations import Integration, Made, day_uses_for, pressures
from bailiwick.core.messages import IntegrationLimits
from bailiwick.faces.api.bodies import DataClassesBody, EnabledBody, IntegrationBody
from bailiwick.faces.api.day_use import day_use_json
from bailiwick.faces.api.pages import Cursor, Json, Limit, page


def add_platform(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add integrations to the API."""

    @api.get("/v1/integrations")
    def integrations(identity: Caller, cursor: Cursor = "", limit: Limit = 50) -> Json:
        with control.store.transaction() as session:
            classes = control.data_classes.of(session)
            found = [
                {"name": item.name, "kind": item.kind, "description": item.description, "enabled": item.enabled,
                 "offers": sorted(item.offers), "data_classes": classes.get(item.name, {})}
                for item in control.integrations.offered(session, identity)
            ]  # fmt: skip
        shown, further = page(found, lambda item: str(item["name"]), cursor, limit)
        return {"integrations": shown, "cursor": further}

    @api.get("/v1/integrations/{name}")
    def integration(identity: Caller, name: str) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "integration.read", f"integration:{name}")
            found = control.integrations.integration(session, name)
            return {
                **asdict(found),
                "connections": {plane: item.model_dump(mode="json") for plane, item in found.connections.items()},
                "offers": {
                    rule: [it.model_dump(mode="json") for it in offers] for rule, offers in found.offers.items()
                },
                "data_classes": control.data_classes.of(session).get(name, {}),
                "limits": found.limits.model_dump(mode="json"),
                "planes": {
                    item.plane: item.report.model_dump(mode="json") for item in pressures(session).get(name, ())
                },
                "day_use": [
                    day_use_json(item)
                    for item in day_uses_for(session, control.authorizer, identity, control.clock(), integration=name)
                ],
            }

    @api.put("/v1/integrations/{name}")
    def register(identity: Caller, name: str, body: IntegrationBody) -> Json:
        control.integrations.register(
            identity,
            Integration(
                name=name,
                kind=body.kind,
                description=body.description,
                owner=body.owner,
                enabled=True,
                connections=body.connections,
                offers=body.offers,
                limits=body.limits,
                folder=body.folder,
            ),
        )
        return {"name": name, "kind": body.kind, "offers": sorted(body.offers)}

    @api.put("/v1/integrations/{name}/from-connector")
    def register_made(identity: Caller, name: str, body: Made) -> Json:
        made = control.connectors.integration(name, body)
        control.integrations.register(identity, made)
        classes = control.connectors.classes(body)
        if classes:
            control.data_classes.classify(identity, name, classes)
        return {"name": name, "kind": made.kind, "offers": sorted(made.offers)}

    @api.get("/v1/connectors")
    def connectors(identity: Caller) -> Json:  # noqa: ARG001 - whoever is signed in may know what there is
        found = [{"name": item.name, "title": item.title, "about": item.about} for item in control.connectors.all()]
        return {"connectors": found}

    @api.get("/v1/connectors/{name}")
    def connector(identity: Caller, name: str) -> Json:  # noqa: ARG001 - as above
        found = control.connectors.get(name)
        return {**found.model_dump(mode="json"), "notes": found.notes}

    @api.put("/v1/integrations/{name}/enabled")
    def switch(identity: Caller, name: str, body: EnabledBody) -> Json:
        control.integrations.set_enabled(identity, name, enabled=body.enabled, reason=body.reason)
        return {"name": name, "enabled": body.enabled}

    @api.put("/v1/integrations/{name}/limits")
    def limit(identity: Caller, name: str, body: IntegrationLimits) -> Json:
        control.integrations.limit(identity, name, body)
        return {"name": name, "limits": body.model_dump(mode="json")}

    @api.post("/v1/integrations/{name}/limits/trial")
    def try_limits(
        identity: Caller, name: str, body: IntegrationLimits, hours: Annotated[int, Query(ge=1, le=168)] = 24
    ) -> Json:
        with control.store.transaction() as session:
            return asdict(control.limit_trial.of(session, identity, name, body, hours=hours))

    @api.put("/v1/integrations/{name}/data-classes")
    def classify(identity: Caller, name: str, body: DataClassesBody) -> Json:
        return {"name": name, "data_classes": control.catalogues.confirm(identity, name, body.columns)}
