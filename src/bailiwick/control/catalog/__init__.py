"""The inventory: folders and apps."""

from bailiwick.control.catalog.model import App, AppPage, Folder
from bailiwick.control.catalog.service import CatalogService, app_ids, data_classes_of

__all__ = ["App", "AppPage", "CatalogService", "Folder", "app_ids", "data_classes_of"]
