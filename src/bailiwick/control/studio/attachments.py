"""What a person attaches: a table, which a model sees as its columns and a few rows, or a picture."""

import csv
import io

from bailiwick.control.studio.drafts import digest_of
from bailiwick.control.studio.model import MOST_IMAGE_BYTES, Image
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.messages import ModelState

MOST_TABLE_BYTES = 4 * 2**20
_ROWS_SHOWN = 8
_MOST_COLUMNS = 60
_LONGEST_CELL = 80
_LONGEST_NAME = 120
# By how their bytes begin: what a browser says of a file is only its name's ending.
_FORMS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/webp": (b"RIFF",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}


def table_words(name: str, content: bytes) -> str:
    """Return a table of comma-separated values in words; raise `InvalidInputError` for what is none."""
    shown = " ".join(name.split())[:_LONGEST_NAME] or "a table"
    if len(content) > MOST_TABLE_BYTES:
        raise InvalidInputError(f"'{shown}' is larger than {MOST_TABLE_BYTES // 2**20} MiB", hint="attach a part of it")
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), _dialect(text), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInputError(
            f"'{shown}' is no table of comma-separated values in UTF-8", hint="save it as CSV"
        ) from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows or "\0" in text:
        raise InvalidInputError(f"'{shown}' has no rows", hint="attach a table with a line of column names")
    head, *body = rows
    if len(head) > _MOST_COLUMNS:
        raise InvalidInputError(f"'{shown}' has {len(head)} columns; {_MOST_COLUMNS} are the most")
    lines = [f"Table {shown}: {len(body):,} rows. Columns: {', '.join(map(_cell, head))}", "The first rows:"]
    lines += [" | ".join(map(_cell, row[: len(head)])) for row in body[:_ROWS_SHOWN]]
    return "\n".join(lines)


def checked_picture(media_type: str, content: bytes, model: ModelState) -> Image:
    """Return a picture that may go to a model; raise with words for what is none, or where the model gets text only."""
    if not model.images:
        raise ForbiddenError(
            f"{model.name} gets text only: what is in pictures is not seen by what looks for secrets",
            hint="describe it in words, or choose a model that pictures may go to",
            deciders=("images-go-where-policy-says",),
        )
    begins = _FORMS.get(media_type, ())
    if not begins or not content.startswith(begins):
        raise InvalidInputError("this is no picture that can be attached", hint="PNG, JPEG, WebP and GIF can")
    if len(content) > MOST_IMAGE_BYTES:
        raise InvalidInputError(f"a picture has {MOST_IMAGE_BYTES // 2**20} MiB at most", hint="make it smaller")
    return Image(digest_of(content), media_type)


def _dialect(text: str) -> type[csv.Dialect] | str:
    try:
        return csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        return "excel"


def _cell(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_CELL else f"{plain[: _LONGEST_CELL - 1]}…"
