"""Catalogues, drafts and use of grants as documents: what the API answers and the console shows, said in one place."""

from dataclasses import asdict
from typing import Any

from bailiwick.control.app import ControlPlane
from bailiwick.control.grant_drafts import Catalogue, Draft, GrantUse, KnownIdentity, Preview, Table, read_back
from bailiwick.core.messages import TableUniqueness

# From here on a draft is warned of: so many of a hundred rows can be told to be somebody's.
WARN_FROM = 5


def catalogue_document(found: Catalogue | None, name: str, *, waiting: bool) -> dict[str, Any]:
    """Return what is known of the tables of an integration; `waiting` says that a plane is being asked."""
    if found is None:
        return {"integration": name, "waiting": waiting, "plane": "", "tables": []}
    return {
        "integration": name,
        "waiting": waiting,
        "plane": found.plane,
        "seen": found.time.isoformat(),
        "fault": found.fault,
        "left_out": found.left_out,
        "tables": [_table(table) for table in found.tables],
    }


def _table(table: Table) -> dict[str, Any]:
    columns = [asdict(column) for column in table.columns]
    return {"name": table.written, "rows": table.rows, "columns": columns}


def draft_document(draft: Draft) -> dict[str, Any]:
    """Return a draft with the sentences that it is read back as."""
    reading = draft.reading
    return {
        "id": draft.id,
        "integration": draft.integration,
        "by": draft.by,
        "time": draft.time.isoformat(),
        "question": draft.question,
        "rule": draft.rule,
        "opens": read_back(draft.integration, reading.tables),
        "tables": [table.model_dump(mode="json") for table in reading.tables],
        "phrases": [asdict(phrase) for phrase in reading.phrases],
        "asked_not_given": list(reading.not_given),
        "given_not_asked": [*reading.unasked, *reading.wider],
        "cautions": list(reading.cautions),
    }


def preview_document(control: ControlPlane, preview: Preview) -> dict[str, Any]:
    """Return where a draft is shown, and what was counted for it so far."""
    counted = preview.counted
    return {
        "draft": preview.draft,
        "plane": preview.plane,
        "seen_as": preview.seen_as,
        "until": preview.until.isoformat(),
        "page": control.grant_previews.page(preview),
        "counted": None if counted is None else [item.model_dump(mode="json") for item in counted],
        "warnings": [words for words, warns in map(uniqueness_words, counted or ()) if warns],
    }


def uniqueness_words(found: TableUniqueness) -> tuple[str, bool]:
    """Return what was counted in words, and whether it is a warning."""
    columns = ", ".join(found.columns)
    if found.fault:
        return f"{found.table}: it could not be counted how far rows stand apart: {found.fault}", True
    if found.unique is None or found.under_five is None:
        return f"{found.table}: there are too few rows to say how far {columns} tell them apart", False
    words = (
        f"{found.table}: about {found.unique} % of the rows are the only one with their {columns}, and about "
        f"{found.under_five} % share them with three others at most"
    )
    warns = max(found.unique, found.under_five) >= WARN_FROM
    return (f"{words}: whoever knows these of somebody finds their row" if warns else words), warns


def account_document(known: KnownIdentity) -> dict[str, Any]:
    """Return an account of a connected system, and whose it is."""
    return {**asdict(known.account), "whose": known.whose, "principal": known.principal}


def use_document(use: GrantUse) -> dict[str, Any]:
    """Return what an app used of its grant."""
    return {**asdict(use), "words": use.words, "could_be_narrower": use.could_be_narrower}
