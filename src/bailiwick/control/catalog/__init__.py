"""The inventory: folders and apps."""

from bailiwick.control.catalog.model import App, AppPage, Folder
from bailiwick.control.catalog.service import CatalogService, data_classes_of

__all__ = ["App", "AppPage", "CatalogService", "Folder", "data_classes_of"]
