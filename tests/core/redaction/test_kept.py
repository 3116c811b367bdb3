"""Compiled patterns that are kept: read only where nobody else could have put them or changed them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bailiwick.core.redaction import kept

if kept.hyperscan is None:
    pytest.skip("this processor has no Hyperscan", allow_module_level=True)

PATTERNS = [b"needle", rb"\bhay\d{2}"]
TEXT = b"a needle in hay12"
pytestmark = pytest.mark.req("AI1")


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many patterns were compiled, each time that they were; everything is worth keeping."""
    found: list[int] = []
    real = kept.compiled

    def counted(patterns: list[bytes], flags: int) -> object:
        found.append(len(patterns))
        return real(patterns, flags)

    monkeypatch.setattr(kept, "FOLDER", tmp_path / "__pycache__" / "hyperscan")
    monkeypatch.setattr(kept, "_SECONDS", -1)
    monkeypatch.setattr(kept, "compiled", counted)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return found


def found_in(text: bytes, patterns: list[bytes] = PATTERNS) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    kept.database(patterns, 0).scan(text, match_event_handler=lambda which, _s, end, _f, _c: found.append((which, end)))
    return found


def test_patterns_are_compiled_once_and_find_the_same_when_they_are_read(compiled: list[int]) -> None:
    first = found_in(TEXT)
    assert first == [(0, 8), (1, 17)]
    assert found_in(TEXT) == first
    assert compiled == [2]
    facts = kept.place_of(PATTERNS, 0).stat()
    assert facts.st_mode & 0o777 == 0o644
    assert [path.name for path in kept.FOLDER.iterdir()] == [kept.place_of(PATTERNS, 0).name]


@pytest.mark.parametrize(
    ("patterns", "flags"),
    [
        ([b"needle"], 0),
        ([PATTERNS[1], PATTERNS[0]], 0),
        ([b"needle\\bhay\\d{2}"], 0),
        ([b"needl", b"e\\bhay\\d{2}"], 0),
        (PATTERNS, 8),
    ],
)
def test_other_patterns_and_flags_have_another_place(patterns: list[bytes], flags: int) -> None:
    assert kept.place_of(patterns, flags) != kept.place_of(PATTERNS, 0)


def test_another_version_has_another_place(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept.place_of(PATTERNS, 0)
    monkeypatch.setattr(kept.hyperscan, "__version__", "0.0.1")
    assert kept.place_of(PATTERNS, 0) != before


def _forged(place: Path) -> None:
    """Put what finds something else in its place."""
    content = kept.hyperscan.dumpb(kept.compiled([b"straw", b"chaff"], 0))
    place.write_bytes(kept._DIGEST(content).digest() + content)


def _owned_by_another(place: Path) -> None:
    _forged(place)
    os.chown(place, 12345, 12345)


def _writable_by_others(place: Path) -> None:
    _forged(place)
    place.chmod(0o646)


def _writable_by_the_group(place: Path) -> None:
    _forged(place)
    place.chmod(0o664)


def _in_a_folder_that_others_write(place: Path) -> None:
    _forged(place)
    place.parent.chmod(0o777)


def _in_a_folder_of_another(place: Path) -> None:
    _forged(place)
    os.chown(place.parent, 12345, 12345)


def _linked(place: Path) -> None:
    elsewhere = place.parent.parent / "elsewhere"
    place.rename(elsewhere)
    _forged(elsewhere)
    place.symlink_to(elsewhere)


def _cut_off(place: Path) -> None:
    place.write_bytes(place.read_bytes()[:-100])


def _emptied(place: Path) -> None:
    place.write_bytes(b"")


def _one_bit_else(place: Path) -> None:
    content = bytearray(place.read_bytes())
    content[-300] ^= 1
    place.write_bytes(content)


def _of_another_version(place: Path) -> None:
    content = bytearray(place.read_bytes()[kept._LENGTH :])
    content[4] ^= 0xFF  # the version of Hyperscan, behind its magic number
    place.write_bytes(kept._DIGEST(content).digest() + content)


def _a_folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


@pytest.mark.parametrize(
    "tamper",
    [
        _owned_by_another,
        _writable_by_others,
        _writable_by_the_group,
        _in_a_folder_that_others_write,
        _in_a_folder_of_another,
        _linked,
        _cut_off,
        _emptied,
        _one_bit_else,
        _of_another_version,
        _a_folder,
    ],
)
def test_what_somebody_else_may_have_put_there_or_is_broken_is_never_read(
    compiled: list[int], tamper: Callable[[Path], None]
) -> None:
    before = found_in(TEXT)
    tamper(kept.place_of(PATTERNS, 0))
    compiled.clear()
    assert found_in(TEXT) == before
    assert found_in(b"straw and chaff") == []
    assert 2 in compiled


def test_a_forged_one_would_be_seen(compiled: list[int]) -> None:
    found_in(TEXT)
    _forged(kept.place_of(PATTERNS, 0))
    assert found_in(b"straw") == [(0, 5)]


def test_nothing_is_kept_where_compiled_code_is_not(compiled: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert found_in(TEXT)
    assert not kept.FOLDER.exists()


def test_a_place_that_cannot_be_written_is_no_fault(compiled: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    kept.FOLDER.parent.mkdir()
    kept.FOLDER.write_text("a file")
    assert found_in(TEXT)
    assert compiled == [2]


def test_what_compiles_at_once_is_not_kept(compiled: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_SECONDS", 60)
    assert found_in(TEXT)
    assert not kept.FOLDER.exists()


def test_no_process_compiles_after_the_command_that_compiles_all() -> None:
    # In the environment's own folder, as `make setup` does: where they are kept already, nothing is compiled.
    here = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-m", "bailiwick.core.redaction"], check=True, env=here)
    refuse = (
        "from bailiwick.core.redaction import Redaction, kept\n"
        "real = kept.compiled\n"
        "kept.compiled = lambda patterns, flags: exit('compiled') if len(patterns) > 3 else real(patterns, flags)\n"
        "print(Redaction('all').redact('mail jane.doe@example.com'))\n"
    )
    said = subprocess.run([sys.executable, "-c", refuse], check=True, env=here, capture_output=True, text=True)
    assert said.stdout == "mail [EMAIL_1]\n"
