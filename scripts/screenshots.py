"""Takes the pictures of the documentation from a running demo: python -m scripts.screenshots READY-FILE."""

import json
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parent.parent / "docs" / "images"
PICTURES = {
    "overview": ("/", 760),
    "inventory": ("/inventory/apps", 620),
    "map": ("/map", 480),
    "assurance": ("/assurance", 860),
}
_WIDTH = 1280


def take(console: str, person: str) -> None:
    """Sign in as somebody and keep a picture of each page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": _WIDTH, "height": 900}).new_page()
        page.goto(f"{console}/sign-in/start")
        page.click(f"button[value='{person}']")
        for name, (path, height) in PICTURES.items():
            page.set_viewport_size({"width": _WIDTH, "height": height})
            page.goto(f"{console}{path}")
            page.screenshot(path=str(TARGET / f"{name}.png"))
        browser.close()


if __name__ == "__main__":
    ready = json.loads(Path(sys.argv[1]).read_text())
    take(ready["console_url"], ready["logins"]["admin"])
