"""Bills of materials as doors give them out: of an accepted revision of an app that the asker may see."""

import json

from bailiwick.control.app import ControlPlane
from bailiwick.control.review import bill_of_materials
from bailiwick.core.artifacts import git_tree_id
from bailiwick.core.errors import NotFoundError
from bailiwick.core.principals import Identity


def bill_of(control: ControlPlane, identity: Identity, path: str, commit: str = "") -> str:
    """Return the CycloneDX document of a revision, the newest where none is named, as JSON.

    Raises `NotFoundError` where no accepted push brought it, or nothing was pushed yet.
    """
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
    return json.dumps(document, indent=2)
