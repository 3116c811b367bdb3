"""`bailiwick detect`: how unusual each value of a series is, by the platform's own detector, without a server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import typer

from bailiwick.core.anomalies.detector import Detector
from bailiwick.core.anomalies.rows import BadRowError, Rows

_PIECE = 1 << 16
_LONGEST_LINE = 10_000
_BAD_INPUT = 2


def detect(
    csv: Annotated[str, typer.Option(help="a file with rows `timestamp,value`; - reads what comes in")],
) -> None:
    """Score a series for anomalies: `timestamp,value,score`, 0 to 1. Example: bailiwick detect --csv latency.csv.

    A row's score uses no later row, and rows are told as they come. About one usual row in some hundreds reaches 0.5,
    one in thousands 0.9. Once something was told, only what is rarer still is told for a while.
    """
    rows = Rows()
    try:
        if csv == "-":
            _score(sys.stdin.buffer, rows)
        else:
            with Path(csv).open("rb") as file:
                _score(file, rows)
    except BadRowError as fault:
        _end(str(fault))
    except UnicodeDecodeError:
        _end(f"line {rows.line + 1} or one soon after is no UTF-8")
    except BrokenPipeError:
        # Whoever read the scores has enough of them; nothing is left to flush at the end.
        sys.stdout = None
        raise typer.Exit(0) from None
    except OSError as fault:
        _end(f"{csv} cannot be read: {fault.strerror}")
    if rows.line == 0:
        _end("there are no rows: expected `timestamp,value`")
    if rows.repeated:
        said = f"note: {rows.repeated} times repeat or lie up to an hour before the one above, first in line"
        typer.echo(f"{said} {rows.first_repeated}; rows were scored as they came", err=True)


def _end(what: str) -> NoReturn:
    typer.secho(f"error: {what}", fg="red", err=True)
    raise typer.Exit(_BAD_INPUT)


def _score(source: BinaryIO, rows: Rows) -> None:
    """Score rows as they come: what has arrived is written before more is waited for."""
    detector = Detector()
    out = sys.stdout
    headed = False
    for lines in _lines(source):
        scored = [] if headed else ["timestamp,value,score\n"]
        headed = True
        try:
            for line in lines:
                if not line or line.isspace():
                    rows.line += 1
                    continue
                row = rows.read(line)
                if row is None:
                    continue
                written, told, at, value = row
                score = detector.score(at, value) if value is not None else 0.0
                scored.append(f"{written},{told},{score:.6f}\n")
        finally:
            # What came before a bad row is told, too.
            out.write("".join(scored))
            out.flush()


def _lines(source: BinaryIO) -> Iterator[list[str]]:
    """Return whole lines as they come, those that came together at once."""
    rest = b""
    first = True
    while piece := (source.read1(_PIECE) if hasattr(source, "read1") else source.read(_PIECE)):
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise BadRowError("a line is longer than 10,000 characters: expected `timestamp,value`")
        if newline:
            text = whole.decode()
            yield (text.removeprefix("\ufeff") if first else text).splitlines()
            first = False
    if rest:
        yield rest.decode().removeprefix("\ufeff").splitlines()
