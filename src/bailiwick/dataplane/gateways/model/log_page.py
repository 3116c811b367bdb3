"""How the log of prompts looks: pages that are whole in themselves, keep nothing and run nothing.

What models and people wrote is shown as text. The pass goes from form to form, and is good for this log and minutes.
"""

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bailiwick.core.prompt_logs import BY_TOKEN, LOG_PATH
from bailiwick.dataplane.gateways.model.log_search import Found, Wanted
from bailiwick.dataplane.gateways.model.prompt_log import Read
from bailiwick.dataplane.router.pages import page_headers, style
from bailiwick.dataplane.router.wire import Headers

_STYLE = (
    "body{max-width:80rem;margin:3vh auto}table{border-collapse:collapse;font-size:13px}th,td{border:1px solid #8A94A6;"
    "padding:4px 8px;text-align:left;vertical-align:top}.scroll{overflow-x:auto}h2{font-size:16px}pre{white-space:"
    "pre-wrap;overflow-wrap:anywhere;border:1px solid #8A94A6;padding:8px;font-size:12px}form.filters{display:flex;"
    "flex-wrap:wrap;gap:8px;align-items:end}label{display:grid;font-size:12px;gap:2px}dt{font-weight:600}dd{margin:0 0 "
    "6px}input,button{font:inherit;min-height:28px}a{color:#1F5FD6}@media(prefers-color-scheme:dark){a{color:#7DABFF}}"
)
_FIELDS = (
    ("model", "Model", "text"),
    ("person", "Person", "text"),
    ("since", "From (UTC)", "datetime-local"),
    ("until", "To (UTC)", "datetime-local"),
    ("text", "Text in prompt or answer", "search"),
)


@dataclass(frozen=True)
class LogPage:
    """What all pages of one opened log have in common."""

    plane: str
    console: str
    token: str = field(repr=False)
    app: str
    wanted: Wanted

    @property
    def whose(self) -> str:
        """Whose calls these are."""
        return "calls by token" if self.app == BY_TOKEN else self.app


def list_page(page: LogPage, found: Found) -> tuple[Headers, bytes]:
    """Return the page of what was found, with the form that searches again."""
    rows = "".join(_row(item) for item in found.items)
    if rows:
        head = "".join(
            f'<th scope="col">{name}</th>'
            for name in ("Time (UTC)", "Model", "Person", "Status", "Tokens", "Cost", "Taken out", "Kept", "Entry")
        )
        shown = (
            f'<form method="post" action="{LOG_PATH}">{_hidden(page)}<div class="scroll" tabindex="0" role="region" '
            f'aria-label="Calls"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></form>'
        )
    else:
        shown = (
            "<p>No call is kept that is like that. How much is kept of calls is said by each model&#39;s settings "
            "(<code>logs:</code>): nothing, only that they were, or their texts too.</p>"
        )
    further = ""
    if found.before:
        further = (
            f'<form method="post" action="{LOG_PATH}">{_hidden(page)}'
            f'<button name="before" value="{found.before}">Older calls</button></form>'
        )
    words = f"{len(found.items)} shown, {found.looked} looked at on the plane {page.plane}."
    return _whole(page, f"Prompts of {page.whose}", f"<p>{_text(words)}</p>{_filters(page)}{shown}{further}")


def entry_page(page: LogPage, item: Read | None) -> tuple[Headers, bytes]:
    """Return the page of one call: what was sent and answered, what was taken out of it, and what it cost."""
    back = f'<form method="post" action="{LOG_PATH}">{_hidden(page)}<button>Back to the list</button></form>'
    if item is None:
        return _whole(page, "No such call", f"<p>It is not kept here, or not any more.</p>{back}")
    title = f"Call {item.number} of {page.whose}"
    if item.entry is None:
        words = "It cannot be opened any more: the key that it was sealed with is gone."
        return _whole(page, title, f"<p>{words}</p>{back}")
    facts = "".join(f"<dt>{_text(name)}</dt><dd>{shown}</dd>" for name, shown in _facts(page, item, item.entry.facts))
    texts = _said("Prompt", _indented(item.entry.prompt)) + _said("Answer", _indented(item.entry.answer))
    if not texts:
        texts = "<p>Of this call only these facts are kept: the settings of its model say so.</p>"
    return _whole(page, title, f"<dl>{facts}</dl>{texts}{back}")


def _facts(page: LogPage, item: Read, facts: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield "time", _text(item.time[:19].replace("T", " ") + " UTC")
    yield "model", _text(item.model)
    yield "who", _text(facts.get("person") or "the app itself")
    for name in ("release", "endpoint"):
        if facts.get(name):
            yield name, _text(str(facts[name]))
    fault = f", {facts['fault']}" if facts.get("fault") else ""
    yield "status", _text(f"{facts.get('status')}{fault}")
    yield "tokens", _text(f"{facts.get('tokens_in', 0):,} sent, {facts.get('tokens_out', 0):,} answered")
    yield "cost", _text(_cost(facts))
    yield "took", _text(f"{facts.get('milliseconds', 0):,} ms")
    yield "taken out before it was sent", _text(_kinds(facts.get("redacted", {})) or "nothing")
    yield "taken out of what is kept", _text(_kinds(facts.get("kept_without", {})) or "nothing")
    yield "masked in the answer", _text(_kinds(facts.get("masked", {})) or "nothing")
    trace = str(facts.get("trace", ""))
    if trace.isalnum() and page.console:
        address = html.escape(f"{page.console}/audit?trace={trace}")
        yield "trace", f'<a href="{address}" rel="noreferrer">{_text(trace)}</a>'
    elif trace:
        yield "trace", _text(trace)


def _row(item: Read) -> str:
    time = f'<th scope="row">{_text(item.time[:19].replace("T", " "))}</th>'
    opens = f'<td><button name="number" value="{item.number}">Open {item.number}</button></td>'
    if item.entry is None:
        return (
            f'<tr>{time}<td>{_text(item.model)}</td><td colspan="6">cannot be opened: its key is gone</td>{opens}</tr>'
        )
    facts = item.entry.facts
    cells = (
        item.model,
        str(facts.get("person") or "the app itself"),
        str(facts.get("status", "")),
        f"{facts.get('tokens_in', 0):,} + {facts.get('tokens_out', 0):,}",
        _cost(facts),
        _kinds(facts.get("kept_without", {}) or facts.get("redacted", {})),
        "texts" if item.entry.prompt or item.entry.answer else "facts only",
    )
    return f"<tr>{time}{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}{opens}</tr>"


def _filters(page: LogPage) -> str:
    told = asdict(page.wanted)
    inputs = "".join(
        f'<label>{words}<input name="{name}" type="{kind}" value="{html.escape(told[name])}" autocomplete="off">'
        "</label>"
        for name, words, kind in _FIELDS
    )
    kept = _hidden(page, wanted=False)
    return (
        f'<form class="filters" method="post" action="{LOG_PATH}" role="search" aria-label="Calls">{kept}{inputs}'
        "<button>Search</button></form>"
    )


def _hidden(page: LogPage, *, wanted: bool = True) -> str:
    given = {"token": page.token, "app": "" if page.app == BY_TOKEN else page.app}
    if wanted:
        given |= {name: value for name, value in asdict(page.wanted).items() if value}
    return "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in given.items())


def _said(title: str, text: str) -> str:
    return f'<h2>{title}</h2><pre tabindex="0" aria-label="{title}">{_text(text)}</pre>' if text else ""


def _indented(text: str) -> str:
    """Return JSON as people read it, and any other text as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _kinds(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))


def _cost(facts: Mapping[str, Any]) -> str:
    cost = facts.get("cost")
    return "no price is set" if cost is None else f"{cost:,.6f}".rstrip("0").rstrip(".")


def _whole(page: LogPage, title: str, content: str) -> tuple[Headers, bytes]:
    console = f'<p><a href="{html.escape(page.console)}/prompt-logs" rel="noreferrer">Open another log</a></p>'
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style(_STYLE)}</style></head><body><main>'
        f"<h1>{_text(title)}</h1>{content}<p>That you looked is in the audit log. What is shown here comes from this "
        f"plane alone.</p>{console if page.console else ''}</main></body></html>"
    ).encode()
    return page_headers(body, b"text/html; charset=utf-8", _STYLE), body


def _text(value: str) -> str:
    """Return a text as HTML shows it; what would hide or turn text around is seen (CVE-2021-42574)."""
    return html.escape("".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in value))
