"""Bills of materials over the API: what each revision of an app is made of."""

import json
from typing import Any

from fastapi import FastAPI, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import SBOM_MEDIA_TYPE, bill_of_materials
from bailiwick.core.artifacts import git_tree_id
from bailiwick.core.errors import NotFoundError


def add_sbom(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add bills of materials to the API."""

    @api.get("/v1/app-sbom/{path:path}")
    def sbom(identity: Caller, path: str, commit: str = "") -> Response:
        """Return the CycloneDX document of an accepted revision, the newest where none is named."""
        with control.store.transaction() as session:
            app = control.catalog.readable_app(session, identity, path)
            found = control.source.accepted(session, app, commit) if commit else control.source.head(session, app)
        if found is None:
            what = f"no accepted push brought {commit[:60]}" if commit else "nothing was pushed yet that passed"
            raise NotFoundError(f"{app.path}: {what}", hint="give the commit that a push ended with")
        files = control.source.files(app, found.commit)
        document = bill_of_materials(
            files,
            name=app.path,
            tree=git_tree_id({file.path: file for file in files}),
            commit=found.commit,
            policy=control.advisories.surroundings(app.path).packages,
            now=control.clock(),
        )
        return Response(json.dumps(document, indent=2), media_type=SBOM_MEDIA_TYPE)
