"""The router's own pages: small, whole in themselves, and clear about what to do next."""

import base64
import hashlib
import html
import json
from dataclasses import dataclass
from typing import NamedTuple

_TITLES = {
    400: "This request cannot be understood",
    401: "Please sign in",
    403: "You may not use this app",
    404: "There is no app here",
    405: "This method is not taken",
    410: "This preview has ended",
    413: "This is too large",
    421: "This host is served elsewhere",
    429: "Too many requests",
    431: "The head of this request is too large",
    502: "The app did not answer",
    503: "This app is not running",
    504: "The app took too long",
}
_STYLE = (
    "body{font:14px/1.45 system-ui,sans-serif;margin:12vh auto;max-width:36rem;padding:0 16px;color:#14181F;"
    "background:#fff}h1{font-size:20px}p{color:#525B6B}code{font-family:ui-monospace,monospace;font-size:12px}"
    "@media(prefers-color-scheme:dark){body{color:#E8ECF2;background:#0E1116}p{color:#A2ADBD}}"
)


def style(more: str = "") -> str:
    """Return the style of a page of the plane's own, with more for one that shows more."""
    return _STYLE + more


def _policy(more: str = "") -> bytes:
    """Return what a page may load: nothing but its style, which is allowed by its own hash, so that no other can be
    added (CSP level 3, section 2.3.1).
    """
    digest = base64.b64encode(hashlib.sha256(style(more).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'".encode()


def page_headers(body: bytes, kind: bytes, more_style: str = "") -> list[tuple[bytes, bytes]]:
    """Return the headers of a page of the plane's own, of a content type, that nothing keeps and nothing frames."""
    return [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", _policy(more_style)),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


class LimitReached(NamedTuple):
    """A limit of an app that a request ran into, and what it is in words."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the router itself; `limit` is what of its app's limits is the reason, if one is.

    `title` is said where that of the status is not what happened.
    """

    status: int
    message: str
    hint: str = ""
    trace: str = ""
    deciders: tuple[str, ...] = ()
    headers: tuple[tuple[bytes, bytes], ...] = ()
    limit: LimitReached | None = None
    title: str = ""


def render(page: Page, *, as_json: bool) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and body of a page: HTML for people, an RFC 9457 problem for programs."""
    title = page.title or _TITLES.get(page.status, "Something went wrong")
    if as_json:
        problem = {
            "title": title,
            "status": page.status,
            "detail": page.message,
            "hint": page.hint,
            "instance": page.trace,
            "deciders": list(page.deciders),
        }
        body = json.dumps({key: value for key, value in problem.items() if value}).encode()
        kind = b"application/problem+json"
    else:
        body = _html(page, title).encode()
        kind = b"text/html; charset=utf-8"
    headers = [*page_headers(body, kind), *page.headers]
    return headers, body


def _html(page: Page, title: str) -> str:
    lines = [f"<p>{html.escape(text)}</p>" for text in (page.message, page.hint) if text]
    if page.deciders:
        lines.append(f"<p>Decided by <code>{html.escape(', '.join(page.deciders))}</code></p>")
    if page.trace:
        lines.append(f"<p>Trace <code>{html.escape(page.trace)}</code></p>")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style()}</style></head>'
        f"<body><main><h1>{title}</h1>{''.join(lines)}</main></body></html>"
    )
