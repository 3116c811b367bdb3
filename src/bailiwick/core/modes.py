"""The two modes in which an app runs, and the plane that serves each."""

from collections.abc import Mapping
from typing import Literal

Mode = Literal["preview", "production"]
PREVIEW: Mode = "preview"
PRODUCTION: Mode = "production"
PLANE_OF_MODE: Mapping[Mode, str] = {PREVIEW: "editor", PRODUCTION: "production"}
