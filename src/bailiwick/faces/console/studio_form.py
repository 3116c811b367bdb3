"""The form of the studio: what is asked, with a table or a picture, read within bounds before any of it is kept."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from bailiwick.control.identity import SignedIn
from bailiwick.control.studio import LONGEST_PROMPT, MOST_IMAGE_BYTES, MOST_TABLE_BYTES, Prompt, table_words
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.console.sessions import writer

_MOST_BYTES = MOST_IMAGE_BYTES + MOST_TABLE_BYTES + 2**18
_MOST_FIELDS = 200
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says. `integrations` is None where the form has no choice of them."""

    prompt: Prompt
    app: str
    model: str
    integrations: tuple[str, ...] | None


async def read_asked(request: Request, visitor: SignedIn) -> Asked:
    """Return what a form asks; raise for one that is not ours, or larger than what may be attached."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or len(length) > 12 or int(length) > _MOST_BYTES:  # noqa: PLR2004 - digits
        raise InvalidInputError(
            f"what is sent has {_MOST_BYTES // 2**20} MiB at most", hint="attach a smaller table or picture"
        )
    async with request.form(max_files=2, max_fields=_MOST_FIELDS, max_part_size=2**18) as form:
        writer(request, visitor, _text(form, "csrf_token"))
        text = _text(form, "text")
        if len(text) > 2 * LONGEST_PROMPT:
            raise InvalidInputError(f"more than {LONGEST_PROMPT:,} characters", hint="say it in less")
        table, picture = await _file(form, "table"), await _file(form, "picture")
        chosen = tuple(str(item)[:_LONGEST_NAME] for item in form.getlist("integration"))
        return Asked(
            Prompt(
                text,
                table_words(table[0], table[2]) if table is not None else "",
                picture[1:] if picture is not None else None,
            ),
            _text(form, "app").strip()[:_LONGEST_NAME],
            _text(form, "model")[:_LONGEST_NAME],
            chosen if "integrations" in form else None,
        )


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


async def _file(form: FormData, name: str) -> tuple[str, str, bytes] | None:
    """Return the name, media type and bytes of what is attached, None where nothing is."""
    value = form.get(name)
    if not isinstance(value, UploadFile) or not value.filename:
        return None
    return value.filename, value.content_type or "", await value.read(_MOST_BYTES)
