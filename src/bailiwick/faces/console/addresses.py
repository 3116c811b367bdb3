"""Where an app is found: its addresses in production and preview, and where it is pushed to."""

from bailiwick.control.catalog import App
from bailiwick.control.settings import ControlSettings


def app_addresses(settings: ControlSettings, app: App) -> dict[str, str]:
    """Return an app's address by mode."""
    return {
        "production": settings.app_url.format(host=f"{app.host}.localhost"),
        "preview": settings.preview_url.format(host=app.host),
    }


def git_address(settings: ControlSettings, app: App) -> str:
    """Return where an app is pushed to."""
    return f"{settings.public_url}/git/{app.path}.git"
