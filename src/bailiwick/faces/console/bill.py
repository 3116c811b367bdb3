"""The bill of materials of an app's newest revision, to take away."""

from fastapi import FastAPI
from fastapi.responses import Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import SBOM_MEDIA_TYPE
from bailiwick.faces.bills import bill_of
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor


def add_bill(app: FastAPI, control: ControlPlane, _: Pages) -> None:
    """Add the bill of materials to the console, as a file."""

    @app.get("/bill-of-materials/{path:path}")
    def bill(visitor: Visitor, path: str, commit: str = "") -> Response:
        document = bill_of(control, visitor.identity, path, commit)
        name = "".join(sign if sign.isalnum() else "-" for sign in path)
        headers = {"Content-Disposition": f'attachment; filename="{name}.cdx.json"'}
        return Response(document, media_type=SBOM_MEDIA_TYPE, headers=headers)
