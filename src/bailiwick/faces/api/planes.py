"""Data planes over the API: which listen, and whether each one's network is apart from the others."""

from typing import Any

from fastapi import FastAPI

from bailiwick.control.app import ControlPlane
from bailiwick.control.networks import PlaneNetworks
from bailiwick.faces.api.attacked import attacked_json
from bailiwick.faces.api.pages import Json


def add_planes(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add planes to the API."""

    @api.get("/v1/planes")
    def planes(identity: Caller) -> Json:
        """List the control plane itself and each data plane; `networks` is what it last said of its network."""
        found = control.networks.seen_by(identity)
        with control.store.transaction() as session:
            attacked = {item.plane: control.assurance.of(session, item.plane) for item in found}
        return {
            "networks": control.settings.networks,
            "planes": [
                {
                    "name": item.plane,
                    "connected": item.plane in control.hub.connected,
                    "networks": _networks(item),
                    "sandbox": attacked_json(attacked[item.plane]),
                }
                for item in found
            ],
        }

    @api.post("/v1/planes/{plane}/attack")
    def attack(identity: Caller, plane: str) -> Json:
        """Have a plane attack its own sandboxes now; what comes of it is there some minutes later."""
        control.assurance.ask(identity, plane)
        return {"plane": plane, "connected": plane in control.hub.connected}


def _networks(item: PlaneNetworks) -> Json:
    return {
        "state": item.parted.parting.value,
        "ready": item.parted.ready,
        "faults": list(item.parted.faults),
        "tried": item.time.isoformat() if item.time else None,
        "since": item.since.isoformat() if item.since else None,
        "tries": [tried.model_dump(mode="json") for tried in item.tries],
    }
