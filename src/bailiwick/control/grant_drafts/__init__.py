"""Grants drafted from plain questions: what tables there are, what a question opens, previews, and what was used."""

from bailiwick.control.grant_drafts.catalogues import CatalogueBook
from bailiwick.control.grant_drafts.drafts import LONGEST_QUESTION, DraftService
from bailiwick.control.grant_drafts.errors import NoCatalogueError, NothingToSaveError, UnknownDraftError
from bailiwick.control.grant_drafts.forms import read_back
from bailiwick.control.grant_drafts.identities import KnownIdentities, KnownIdentity, Whose
from bailiwick.control.grant_drafts.interpreting import interpret
from bailiwick.control.grant_drafts.model import Became, Catalogue, Column, Draft, Phrase, Preview, Reading, Table
from bailiwick.control.grant_drafts.previews import GrantPreviews
from bailiwick.control.grant_drafts.usage import GrantUse, UsageService

__all__ = [
    "LONGEST_QUESTION",
    "Became",
    "Catalogue",
    "CatalogueBook",
    "Column",
    "Draft",
    "DraftService",
    "GrantPreviews",
    "GrantUse",
    "KnownIdentities",
    "KnownIdentity",
    "NoCatalogueError",
    "NothingToSaveError",
    "Phrase",
    "Preview",
    "Reading",
    "Table",
    "UnknownDraftError",
    "UsageService",
    "Whose",
    "interpret",
    "read_back",
]
