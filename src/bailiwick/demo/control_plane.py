"""The demo's control plane process: the ordinary one, once the sample company is set up in it."""

import asyncio
import json
import sys
import time
from pathlib import Path

from bailiwick.control.app import enrol_planes
from bailiwick.control.settings import ControlSettings
from bailiwick.control.wiring import build_control
from bailiwick.demo.company import issue_scim_token, issue_tokens, set_up_company
from bailiwick.demo.layout import lay_out
from bailiwick.faces.server import serve_control
from bailiwick.files import write_private

_LOOK_SECONDS = 0.02


def main() -> None:
    """Serve: `python -m bailiwick.demo.control_plane SETTINGS STATE PORT HANDOVER`.

    SETTINGS is waited for: it is written once the database is up. HANDOVER is written before serving begins, readable
    by its owner only: tokens by role and of the directory, and the public audit key.
    """
    settings, state, port, handover = sys.argv[1:5]
    control = build_control(ControlSettings.load(_written(Path(settings))))
    people = set_up_company(control, lay_out(Path(state), int(port)))
    enrol_planes(control)
    content = {
        "tokens": issue_tokens(control, people),
        "scim_token": issue_scim_token(control, people["admin"]),
        "audit_public_key": control.audit_key.public_text,
    }
    write_private(Path(handover), json.dumps(content))
    asyncio.run(serve_control(control))


def _written(settings: Path) -> Path:
    """Return the settings file once it is there; whoever writes it ends us when it cannot."""
    while not settings.exists():
        time.sleep(_LOOK_SECONDS)
    return settings


if __name__ == "__main__":
    main()
