"""What the sample company knows of packages: a few advisories and facts of its index, taken once."""

import contextlib
from importlib.resources import as_file, files

from bailiwick.control.app import ControlPlane
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.principals import Identity

_KNOWN = files("bailiwick.demo") / "known"


def set_up_packages(control: ControlPlane, admin: Identity) -> None:
    """Import the samples, unless something was imported before: what somebody brought since stays.

    Policies that somebody wrote since may not let the administrator; then there are none.
    """
    with contextlib.suppress(ForbiddenError):
        if not control.advisories.status(admin).sources:
            with as_file(_KNOWN / "sample-advisories") as export:
                control.advisories.take(admin, [export])
        if not control.index.status(admin).sources:
            with as_file(_KNOWN / "sample-index.jsonl") as dump:
                control.index.take(admin, [dump], adds=True)
