"""Bills of materials over the API: what each revision of an app is made of."""

from typing import Any

from fastapi import FastAPI, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import SBOM_MEDIA_TYPE
from bailiwick.faces.bills import bill_of


def add_sbom(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add bills of materials to the API."""

    @api.get("/v1/app-sbom/{path:path}")
    def sbom(identity: Caller, path: str, commit: str = "") -> Response:
        """Return the CycloneDX document of an accepted revision, the newest where none is named."""
        return Response(bill_of(control, identity, path, commit), media_type=SBOM_MEDIA_TYPE)
