"""What a body of an opened connection says: made plain where it was compressed, and looked through piece by piece."""

from collections import Counter
from collections.abc import Iterator

from bailiwick.core.guardrails import PayloadRule
from bailiwick.core.sensitive import Finder
from bailiwick.dataplane.gateways.egress.connection import RefusedError, shown
from bailiwick.dataplane.gateways.egress.encodings import READ_PAYLOADS, Decoder, encoding_of
from bailiwick.dataplane.gateways.egress.screening import Screen

_TEXT = ("text/", "multipart/", "application/x-www-form-urlencoded")
_ALSO_TEXT = ("json", "xml", "javascript", "graphql", "yaml", "csv")
# One byte a letter, as far as what is looked for goes.
_CHARSETS = ("", "utf-8", "utf8", "us-ascii", "ascii", "latin1")
_ALSO_CHARSETS = ("iso-8859-", "windows-125")


class Content:
    """One body, which passes by a rule. `what` is what it is called in a refusal.

    Raises `RefusedError` at once for one that cannot be read. `recoded` says that it leaves plain though it came
    compressed, and so in another length.
    """

    def __init__(
        self,
        finder: Finder,
        rule: PayloadRule,
        what: str,
        *,
        media_type: str,
        encoding: str,
        most_bytes: int | None = None,
    ) -> None:
        self._screen: Screen | None = None
        self._decoder: Decoder | None = None
        if rule != "pass":
            _require_charset(media_type, what)
            self._screen = Screen(finder, rule, what, is_json="json" in media_type.partition(";")[0].lower())
            coding = encoding_of(encoding)
            self._decoder = Decoder(coding, what, most_bytes) if coding else None

    @property
    def recoded(self) -> bool:
        """Whether it leaves in another form than it came."""
        return self._decoder is not None

    @property
    def counts(self) -> Counter[str]:
        """How many values were found, by kind."""
        return self._screen.counts if self._screen is not None else Counter()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what may pass by now, once a piece has come."""
        for plain in self._decoder.plain(data) if self._decoder is not None else (data,):
            passing = self._screen.feed(plain) if self._screen is not None else plain
            if passing:
                yield passing

    def rest(self) -> bytes:
        """Return what was held back, once nothing follows."""
        if self._decoder is not None:
            self._decoder.end()
        return self._screen.rest() if self._screen is not None else b""


def is_text(media_type: str) -> bool:
    """Whether a body of that type is text, or does not say what it is."""
    name = media_type.partition(";")[0].strip().lower()
    return not name or name.startswith(_TEXT) or any(part in name for part in _ALSO_TEXT)


def _require_charset(media_type: str, what: str) -> None:
    for item in media_type.split(";")[1:]:
        name, _, value = item.strip().partition("=")
        charset = value.strip('"').lower()
        if name.lower() == "charset" and charset not in _CHARSETS and not charset.startswith(_ALSO_CHARSETS):
            raise RefusedError(f"{what} is text that is not read ({shown(charset)})", READ_PAYLOADS)
