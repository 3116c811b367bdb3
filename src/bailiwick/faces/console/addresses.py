"""Where an app is found: its addresses in production and preview, and where it is pushed to."""

from bailiwick.control.catalog import App
from bailiwick.control.settings import ControlSettings


def app_addresses(settings: ControlSettings, app: App) -> dict[str, str]:
    """Return an app's address by mode."""
    port = settings.ingress_url.rpartition(":")[2]
    return {
        "production": f"http://{app.host}.localhost:{port}",
        "preview": f"http://{app.host}.preview.localhost:{port}",
    }


def git_address(settings: ControlSettings, app: App) -> str:
    """Return where an app is pushed to."""
    return f"{settings.public_url}/git/{app.path}.git"
