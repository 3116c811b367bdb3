"""How a draft looks with its rows: a page that is whole in itself, keeps nothing and runs nothing."""

import html

from bailiwick.core.grants import ColumnGrant
from bailiwick.core.messages import GrantPreview
from bailiwick.core.reach import IntegrationReach
from bailiwick.core.reach_words import grant_words
from bailiwick.dataplane.grant_drafts.rows import MOST_ROWS, TableRows
from bailiwick.dataplane.router import OwnAnswer, page_headers, style

_LONGEST_VALUE = 200
_TABLES = (
    "body{max-width:72rem;margin:4vh auto}table{border-collapse:collapse;font-size:13px}th,td{border:1px solid #8A94A6;"
    "padding:4px 8px;text-align:left;vertical-align:top}.scroll{overflow-x:auto}h2{font-size:16px}"
)


def preview_page(plane: str, system: str, preview: GrantPreview, found: list[TableRows]) -> OwnAnswer:
    """Return the page: what the draft says, as whom it is looked at, and the first rows of each table."""
    reach = IntegrationReach(name=system, resource=system, grant=preview.grant)
    sentences = "".join(f"<li>{_text(line)}</li>" for line in grant_words(reach))
    attributes = ", ".join(f"{name} {value}" for name, value in sorted(preview.attributes.items())) or "no attributes"
    title = f"What a draft shows of {system}"
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style(_TABLES)}</style></head><body><main>'
        f"<h1>{_text(title)}</h1><p>Asked: {_text(preview.question)}</p><ul>{sentences}</ul>"
        f"<p>As {_text(preview.seen_as)} sees it on the plane {_text(plane)} ({_text(attributes)}): the first "
        f"{MOST_ROWS} rows of each table at most. That you looked is in the audit log.</p>"
        f"{''.join(_table(number, item) for number, item in enumerate(found))}</main></body></html>"
    ).encode()
    headers = page_headers(body, b"text/html; charset=utf-8", _TABLES)
    return OwnAnswer([*headers, (b"cross-origin-resource-policy", b"same-origin")], body)


def _table(number: int, found: TableRows) -> str:
    name, mark = _text(found.table.relation), f"table-{number}"
    head = f'<section aria-labelledby="{mark}"><h2 id="{mark}">{name}</h2>'
    if found.answer is None:
        return f"{head}<p>{_text(found.fault)}</p></section>"
    if not found.answer.rows:
        return f"{head}<p>No row.</p></section>"
    columns = {column.name: column for column in found.table.columns}
    titles = "".join(f'<th scope="col">{_title(columns.get(item), item)}</th>' for item in found.answer.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in found.answer.rows)
    return (
        f'{head}<div class="scroll" tabindex="0" role="region" aria-label="Rows of {name}"><table><thead><tr>{titles}'
        f"</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _title(column: ColumnGrant | None, name: str) -> str:
    return f"{_text(name)} (masked)" if column is not None and column.mask is not None else _text(name)


def _cell(value: str | None) -> str:
    if value is None:
        return "<td><i>empty</i></td>"
    shown = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
    return f"<td>{_text(shown)}</td>"


def _text(value: str) -> str:
    return html.escape("".join(character if character.isprintable() else "�" for character in value))
