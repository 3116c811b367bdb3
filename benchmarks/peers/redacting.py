"""Redaction by a peer, run by the interpreter of its own environment: prints megabytes a second, at best.

`redacting.py presidio|detect-secrets FILE` reads the file again and again for some seconds.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

_SECONDS = 6.0


def _presidio() -> Callable[[str], object]:
    """Return Presidio's pattern recognisers alone: its models of language are another kind of thing."""
    from presidio_analyzer import RecognizerRegistry  # noqa: PLC0415 - only where it is installed
    from presidio_analyzer.pattern_recognizer import PatternRecognizer  # noqa: PLC0415

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    recognizers = [item for item in registry.recognizers if isinstance(item, PatternRecognizer)]

    def find(text: str) -> object:
        return [item.analyze(text, item.supported_entities, None) for item in recognizers]

    return find


def _detect_secrets() -> Callable[[str], object]:
    from detect_secrets.core.scan import scan_line  # noqa: PLC0415 - likewise
    from detect_secrets.settings import default_settings  # noqa: PLC0415

    def find(text: str) -> object:
        with default_settings():
            return [list(scan_line(line)) for line in text.splitlines()]

    return find


def main() -> None:
    """Measure the peer that is named over the text of a file."""
    find = {"presidio": _presidio, "detect-secrets": _detect_secrets}[sys.argv[1]]()
    text = Path(sys.argv[2]).read_text()
    find(text[:1000])
    began, best = time.process_time(), float("inf")
    while time.process_time() - began < _SECONDS or best == float("inf"):
        round_began = time.process_time()
        find(text)
        best = min(best, time.process_time() - round_began)
    print(len(text.encode()) / 1e6 / best)


if __name__ == "__main__":
    main()
