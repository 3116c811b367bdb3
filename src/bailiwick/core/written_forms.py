"""How a value may be written in a text: as it is, in JSON, URLs and HTML, as hexadecimal digits, and in base64.

Base64 is known wherever it stands within what was encoded with it: three shifts of a value cover all of them (RFC 4648,
section 4), each without the characters at both ends that other bytes have a part in.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_LEAST_BASE64 = 8
# A part of a value that is long enough to tell it: each line of one with several is written apart by logs.
_LEAST_LINE = 12
# What is longer is looked for as it is and in JSON, whole and line by line: keys and certificates, which nobody encodes
# again, and which would make the search large.
_LONG = 1024
# Certificates are for everybody, and so are the lines around a key (RFC 7468): what holds one holds no secret yet.
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_BOUNDARY = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]{1,60}-----")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def forms_of(value: str) -> Iterator[bytes]:
    """Yield the ways to write a value, the value itself first; some may be the same."""
    raw = value.encode(errors="surrogatepass")
    yield raw
    if "\n" in value:
        yield raw.replace(b"\n", b"\r\n")
        lines = (line.strip() for line in _CERTIFICATE.sub(b"", raw).splitlines())
        yield from (line for line in lines if len(line) >= _LEAST_LINE and not _BOUNDARY.fullmatch(line))
    if b" " in raw and len(raw.replace(b" ", b"")) >= _LEAST_LINE:
        yield raw.replace(b" ", b"")  # of a text whose spaces were taken out, to see what lines were joined by
    yield json.dumps(value)[1:-1].encode()
    yield json.dumps(value, ensure_ascii=False)[1:-1].encode(errors="surrogatepass")
    if len(raw) > _LONG:
        return
    yield json.dumps(json.dumps(value))[3:-3].encode()
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted.encode()
        yield _lower_escapes(quoted).encode()
    yield html.escape(value).encode(errors="surrogatepass")
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):
        encoded = _inner_base64(raw, shift)
        if len(encoded) >= _LEAST_BASE64:
            yield encoded
            yield encoded.translate(_URL_SAFE)


def _inner_base64(raw: bytes, shift: int) -> bytes:
    """Return what base64 makes of bytes behind `shift` others, as far as only these bytes have a part in it."""
    encoded = base64.b64encode(b"\0" * shift + raw)
    begin = (0, 2, 3)[shift]
    rest = (shift + len(raw)) % 3
    end = len(encoded) - (0, 3, 2)[rest]
    return encoded[begin:end]


def _lower_escapes(quoted: str) -> str:
    """Return a quoted text with its escapes in small letters, as some libraries write them."""
    parts = quoted.split("%")
    return parts[0] + "".join(f"%{part[:2].lower()}{part[2:]}" for part in parts[1:])
