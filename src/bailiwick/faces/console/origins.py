"""Where a browser is and what it calls itself, in words by which its person recognises it; nothing is decided by it."""

from fastapi import Request

from bailiwick.control.identity import Origin

# The first that fits: most browsers name those before them, too.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def origin_of(request: Request) -> Origin:
    """Return where a request comes from."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return Origin(request.client.host if request.client else "", " on ".join(filter(None, (browser, system))))
