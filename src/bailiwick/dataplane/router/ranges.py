"""Parts of a file that a request asks for (RFC 9110 section 14): one part, or the whole."""

import re

from bailiwick.dataplane.router.wire import RequestHead

# More digits than any file here needs are no number that is worth reading.
_ONE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class RangeError(Exception):
    """The part lies behind the end of the file."""


def range_of(head: RequestHead, size: int, tag: str) -> range | None:
    """Return which bytes are asked for, None for all of them; raise `RangeError` when there are none such.

    Several parts at once, and units that are not bytes, are answered with the whole, as they may be; so are parts of
    another version of the file.
    """
    found = _ONE.fullmatch(head.get(b"range").replace(" ", ""))
    condition = head.get(b"if-range")
    if found is None or head.method != "GET" or found[1] == found[2] == "" or (condition and condition != tag):
        return None
    if found[1] == "":
        start, stop = max(0, size - int(found[2])), size
    else:
        start, stop = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < int(found[1]):
            return None
    if start >= size or start >= stop:
        raise RangeError
    return range(start, stop)
