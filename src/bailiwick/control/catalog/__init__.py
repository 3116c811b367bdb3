"""The inventory: folders and apps."""

from bailiwick.control.catalog.model import App, AppPage, Folder
from bailiwick.control.catalog.service import CatalogService

__all__ = ["App", "AppPage", "CatalogService", "Folder"]
