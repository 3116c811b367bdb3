"""Drafts: what may be written to one, and what differs between two."""

import pytest

from bailiwick.control.studio.attachments import checked_picture, table_words
from bailiwick.control.studio.drafts import Draft, diff_text, digest_of, draft_of
from bailiwick.control.studio.errors import DraftError
from bailiwick.control.studio.model import MOST_FILE_BYTES
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import BailiwickError, InvalidInputError
from tests.fixtures.model_gateway import model

pytestmark = pytest.mark.req("RV1", "RV3")


def draft(**files: str) -> Draft:
    made = draft_of((), {}.__getitem__, lambda text: "hunter2" in text)
    for path, text in files.items():
        made.write(path, text)
    return made


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../escape.py", "not a path inside"),
        ("/etc/passwd", "not a path inside"),
        ("a/../../b", "not a path inside"),
        ("a//b", "not a path inside"),
        ("./a", "not a path inside"),
        ("a\\b", "not a path inside"),
        (".git/config", "not a path inside"),
        ("sub/.GIT/hooks/x", "not a path inside"),
        ("a\x00b", "not a path inside"),
        ("a\u202eb", "not a path inside"),
        ("x" * 401, "not a path inside"),
        ("app/more.py", "a file and a folder at once"),
    ],
)
def test_nothing_is_written_outside_of_the_app(path: str, words: str) -> None:
    with pytest.raises(DraftError, match=words):
        draft(app="x").write(path, "x")


def test_secrets_and_what_is_too_large_are_refused() -> None:
    made = draft(app="x")
    for text, words in (("password = 'hunter2'", "holds a secret"), ("x" * (MOST_FILE_BYTES + 1), "at most")):
        with pytest.raises(DraftError, match=words):
            made.write("app", text)
    assert made.text("app") == "x"
    with pytest.raises(DraftError, match="no file"):
        made.delete("other")
    with pytest.raises(DraftError, match="no text"):
        draft_of([TreeFile("logo.png", b"\xff\xfe\x00", executable=False)], {}.__getitem__, lambda _: False).text(
            "logo.png"
        )


def test_a_draft_keeps_whether_a_file_is_executable() -> None:
    made = draft_of([TreeFile("run.sh", b"one\n", executable=True)], {}.__getitem__, lambda _: False)
    before = made.tree
    made.write("run.sh", "two\n")
    assert made.files["run.sh"].executable
    text = diff_text(before, made.tree, made.fresh.__getitem__)
    assert text == "diff --git a/run.sh b/run.sh\n--- a/run.sh\n+++ b/run.sh\n@@ -1 +1 @@\n-one\n+two\n"


def test_binary_and_huge_files_are_named_only() -> None:
    old = draft_of([TreeFile("a", b"\x00", executable=False)], {}.__getitem__, lambda _: False)
    new = draft_of([TreeFile("a", b"y\n" * 6000, executable=False)], {}.__getitem__, lambda _: False)
    read = {**old.fresh, **new.fresh}.__getitem__
    assert "Binary files a/a and b/a differ" in diff_text(old.tree, new.tree, read)
    assert digest_of(b"") not in old.fresh


def test_a_table_is_told_as_its_columns_and_a_few_rows() -> None:
    body = "".join(f"{number};Name {number};{'x' * 200}\n" for number in range(50))
    words = table_words("orders\n.csv", f"id;customer;note\n{body}".encode())
    assert words.startswith("Table orders .csv: 50 rows. Columns: id, customer, note\nThe first rows:\n0 | Name 0 | x")
    assert words.count("\n") == 9
    for wrong in (b"", b"\xff\xfe\x00", b"\n\n", ",".join(map(str, range(80))).encode(), b"a,b\n\x00,1\n"):
        with pytest.raises(InvalidInputError):
            table_words("x", wrong)


def test_pictures_go_only_where_policy_lets_them_and_are_what_they_say() -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"x"
    assert checked_picture("image/png", png, model(images=True)).media_type == "image/png"
    for kind, content, to in (
        ("image/png", png, model()),
        ("image/png", b"<svg onload=alert(1)>", model(images=True)),
        ("image/svg+xml", b"<svg>", model(images=True)),
        ("image/png", png + b"x" * 2**21, model(images=True)),
    ):
        with pytest.raises(BailiwickError):
            checked_picture(kind, content, to)
