"""Pushes that hide a key where reviews do not look: all are refused, and no answer, row or log says the key."""

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.faces.git.conftest import IDENTITY, Door, commit

KEY = "AKIA" + "Q3EGRIFKLT7ZVWXN"
PASSWORD = "Zebra" + "!77lakeside"
MAIN = "refs/heads/main"


def made(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().strip()


def write(folder: Path, name: str, content: str = f'KEY = "{KEY}"\n') -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)


def in_the_words_of_a_commit(folder: Path) -> None:
    commit(folder, f"use {KEY}")


def in_the_words_of_an_earlier_commit(folder: Path) -> None:
    commit(folder, f"nothing\n\nthe key is {KEY}")
    commit(folder, "and on")


def in_the_name_of_the_author(folder: Path) -> None:
    made(folder, "commit", "--allow-empty", "--quiet", "--message=x", f"--author={KEY} <x@example.com>")


def added_and_taken_out(folder: Path) -> None:
    write(folder, "old.py")
    commit(folder)
    (folder / "old.py").unlink()
    commit(folder)


def renamed_and_taken_out(folder: Path) -> None:
    write(folder, "a.bin", f"\0\0{KEY}")
    commit(folder)
    made(folder, "mv", "a.bin", "b.bin")
    commit(folder)
    (folder / "b.bin").unlink()
    commit(folder)


def in_an_arm_of_an_octopus(folder: Path) -> None:
    for name in ("one", "two", "three"):
        made(folder, "checkout", "-qb", name, "main")
        write(folder, f"{name}.py", f'KEY = "{KEY}"\n' if name == "two" else "x = 1\n")
        commit(folder)
    made(folder, "checkout", "-q", "main")
    made(folder, "merge", "-q", "-m", "all", "one", "two", "three")
    (folder / "two.py").unlink()
    commit(folder)


def that_git_ignores(folder: Path) -> None:
    write(folder, ".gitignore", ".env\n")
    write(folder, ".env", f"AWS_ACCESS_KEY_ID={KEY}\n")
    commit(folder)
    made(folder, "add", "--force", ".env")
    made(folder, "commit", "--quiet", "--message=x")


def that_archives_leave_out(folder: Path) -> None:
    write(folder, ".gitattributes", "secret/* export-ignore binary\n")
    write(folder, "secret/key.txt")
    commit(folder)


def in_another_encoding_by_attributes(folder: Path) -> None:
    write(folder, ".gitattributes", "*.cfg working-tree-encoding=UTF-16LE-BOM eol=crlf\n")
    (folder / "a.cfg").write_bytes(f"key = {KEY}\n".encode("utf-16"))
    commit(folder)


def behind_a_replacement(folder: Path) -> None:
    write(folder, "key.py")
    guilty = commit(folder)
    clean = made(folder, "commit-tree", "HEAD~1^{tree}", "-p", "HEAD~1", "-m", "x")
    made(folder, "replace", guilty, clean)


def in_a_name(folder: Path) -> None:
    write(folder, f"notes/{KEY}.md", "nothing\n")
    commit(folder)


PLACES: list[Callable[[Path], None]] = [
    in_the_words_of_a_commit,
    in_the_words_of_an_earlier_commit,
    in_the_name_of_the_author,
    added_and_taken_out,
    renamed_and_taken_out,
    in_an_arm_of_an_octopus,
    that_git_ignores,
    that_archives_leave_out,
    in_another_encoding_by_attributes,
    behind_a_replacement,
    in_a_name,
]


@pytest.mark.req("RV1", "RV3")
@pytest.mark.parametrize("place", [pytest.param(place, id=place.__name__) for place in PLACES])
def test_a_key_is_found_wherever_a_push_puts_it(door: Door, folder: Path, place: Callable[[Path], None]) -> None:
    place(folder)
    taken, said = door.push(folder)
    assert not taken
    assert "secret-in-code: AWS access key (AKIA…, 20 characters)" in said
    assert KEY not in "".join(line for line in said.splitlines() if "remote:" in line and "notes/" not in line)


def with_a_tag(folder: Path) -> list[str]:
    made(folder, "tag", "--annotate", "--message", f"the key is {KEY}", "v1")
    return ["HEAD:main", "v1"]


def with_notes(folder: Path) -> list[str]:
    made(folder, "notes", "add", "--message", f"the key is {KEY}")
    return ["HEAD:main", "refs/notes/commits"]


def with_a_replacement(folder: Path) -> list[str]:
    commit(folder)
    made(folder, "replace", "HEAD", "HEAD~1")
    return ["refs/replace/*:refs/replace/*"]


def to_another_branch(folder: Path) -> list[str]:
    return ["HEAD:refs/heads/main", "HEAD:refs/heads/other"]


def to_a_hidden_name(folder: Path) -> list[str]:
    return ["HEAD:refs/hidden/main"]


@pytest.mark.req("RV1", "RV3")
@pytest.mark.parametrize("refs", [with_a_tag, with_notes, with_a_replacement, to_another_branch, to_a_hidden_name])
def test_one_branch_is_taken_and_nothing_beside_it(door: Door, folder: Path, refs: Callable[[Path], list[str]]) -> None:
    taken, said = door.push(folder, *refs(folder))
    assert not taken
    assert "only branches are taken here, one at a time" in said
    assert door.main() == ""


def pointer(folder: Path) -> None:
    write(folder, "model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n")


def filtered(folder: Path) -> None:
    write(folder, ".gitattributes", "*.md filter=swap\n")


def started(folder: Path) -> None:
    write(folder, "sitecustomize.py", "x = 1\n")


@pytest.mark.req("RV1")
@pytest.mark.parametrize(
    ("make", "rule"), [(pointer, "lfs-pointer"), (filtered, "git-configuration"), (started, "runs-by-itself")]
)
def test_what_would_be_another_tree_elsewhere_is_refused(
    door: Door, folder: Path, make: Callable[[Path], None], rule: str
) -> None:
    make(folder)
    commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert f"{rule}: " in said


@pytest.mark.req("RV3")
def test_no_answer_row_or_log_says_a_secret_that_was_pushed(
    door: Door, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    write(folder, "settings.py", f'KEY = "{KEY}"\npassword = "{PASSWORD}"\n')
    write(folder, ".env", f"DB_PASSWORD={PASSWORD}\n")
    write(folder, "start.sh", f"curl -u admin:{PASSWORD} https://declared.example\n")
    write(folder, "db.py", f'URL = "postgresql://app:{PASSWORD}@db:5432/x"\n')
    commit(folder)
    taken, said = door.push(folder)
    assert not taken
    assert "settings.py:2" in said
    with door.company.control.store.transaction() as session:
        readable = "has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
        tables = text(f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND {readable}")
        names = session.scalars(tables).all()
        rows = [str(row) for name in names for row in session.execute(text(f'SELECT t::text FROM "{name}" t'))]
    kept = "\n".join(rows)
    assert "secret-in-code" in kept
    everything = "\n".join([said, kept, caplog.text, *capfd.readouterr()])
    for secret in (KEY, PASSWORD, PASSWORD[:6], KEY[:8]):
        assert secret not in everything
