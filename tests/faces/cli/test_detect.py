"""`bailiwick detect`: scores a series from a file or from what comes in, as it comes, and says which line is wrong."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bailiwick.core.anomalies import Detector, load, save
from bailiwick.faces.cli.main import root

pytestmark = pytest.mark.req("OB5")
_BEGAN = datetime(2026, 3, 1)  # noqa: DTZ001 - as exports write times


def lines(count: int) -> list[str]:
    return [
        f"{_BEGAN + timedelta(minutes=5 * number)},{90 if number == 250 else number * 7 % 11}"
        for number in range(count)
    ]


def run(*arguments: str, given: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(root, ["detect", *arguments], input=given)
    return result.exit_code, result.stdout, result.stderr


def test_each_row_gets_the_score_that_the_platform_gives(tmp_path: Path) -> None:
    rows = lines(300)
    file = tmp_path / "series.csv"
    file.write_text("\r\n".join(["timestamp,value", *rows]))
    code, out, err = run("--csv", str(file))
    assert (code, err) == (0, "")
    head, *scored = out.splitlines()
    assert head == "timestamp,value,score"
    assert [row.rpartition(",")[0] for row in scored] == rows
    # The platform keeps its detector between values, as here.
    kept, told = save(Detector()), []
    for row in rows:
        detector = load(kept)
        at = (datetime.fromisoformat(row.split(",")[0]) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - as above
        told.append(f"{detector.score(at, float(row.split(',')[1])):.6f}")
        kept = save(detector)
    assert [row.rpartition(",")[2] for row in scored] == told
    assert float(told[250]) > 0.9
    assert run("--csv", "-", given=file.read_bytes()) == (0, out, "")


def test_a_bad_row_ends_it_with_its_line_and_what_came_before_is_told() -> None:
    code, out, err = run("--csv", "-", given=b"timestamp,value\n2026-03-01 00:00:00,1\n\n2026-03-01 00:05:00,x\n")
    assert code == 2
    assert out == "timestamp,value,score\n2026-03-01 00:00:00,1,0.000000\n"
    assert "line 4: 'x' is no number" in err


@pytest.mark.parametrize(
    ("given", "said"),
    [(b"", "there are no rows"), (b"2026-03-01,\xff\n", "no UTF-8"), (b"x" * 100_000, "longer than 10,000")],
)
def test_what_is_no_series_is_refused(given: bytes, said: str) -> None:
    code, _, err = run("--csv", "-", given=given)
    assert code == 2
    assert said in err


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    code, _, err = run("--csv", str(tmp_path / "none.csv"))
    assert code == 2
    assert "No such file" in err


def test_gaps_and_repeated_times_are_scored_and_said() -> None:
    rows = [*lines(30), *lines(30)[25:], "2026-03-01 03:00:00,"]
    code, out, err = run("--csv", "-", given="\n".join(rows).encode())
    assert code == 0
    assert len(out.splitlines()) == 37
    assert out.splitlines()[-1] == "2026-03-01 03:00:00,,0.000000"
    assert "1 times repeat or lie up to an hour before the one above, first in line 31" in err


def test_a_row_is_told_before_the_next_one_comes() -> None:
    arguments = [sys.executable, "-m", "bailiwick.faces.cli.main", "detect", "--csv", "-"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"2026-03-01 00:00:00,1\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"timestamp,value,score\n"
        assert process.stdout.readline() == b"2026-03-01 00:00:00,1,0.000000\n"
        process.stdin.close()
        assert process.wait(60) == 0
