import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.artifacts import ArtifactError, TreeFile, git_tree_id, pack, unpack

names = st.from_regex(r"[a-z][a-z0-9._-]{0,8}", fullmatch=True)


@given(st.dictionaries(names, st.tuples(st.binary(max_size=64), st.booleans()), max_size=8), st.randoms())
def test_a_tree_packs_to_the_same_bytes_in_any_order_and_comes_back(
    content: dict[str, tuple[bytes, bool]], random: object
) -> None:
    files = [TreeFile(f"folder/{name}", data, executable) for name, (data, executable) in content.items()]
    packed = pack(files)
    assert packed == pack(reversed(files))
    assert list(unpack(packed).values()) == sorted(files, key=lambda file: file.path)


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a//b", "a/./b", "a/../b", "", "a\\b", "a\nb", "./a"])
def test_a_path_that_climbs_or_hides_is_neither_packed_nor_unpacked(path: str) -> None:
    with pytest.raises(ArtifactError):
        pack([TreeFile(path, b"")])
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(path or "x/../../y"))
    with pytest.raises(ArtifactError):
        unpack(target.getvalue())


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(kind: bytes) -> None:
    entry = tarfile.TarInfo("innocent")
    entry.type, entry.linkname = kind, "/etc/shadow"
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(entry)
    with pytest.raises(ArtifactError, match="not a plain file"):
        unpack(target.getvalue())


@given(st.binary(max_size=2048))
def test_arbitrary_bytes_are_refused_or_hold_only_plain_files(data: bytes) -> None:
    try:
        files = unpack(data)
    except ArtifactError:
        return
    assert all(not path.startswith("/") for path in files)


def test_the_tree_id_is_the_one_git_gives() -> None:
    # `git mktree` of the empty tree, and a nested tree written with git 2.39.
    assert git_tree_id({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    files = {"a/b.py": b"1", "a.b": b"2", "a/c/d": b"3", "z": b"4"}
    tree = {path: TreeFile(path, content) for path, content in files.items()}
    assert git_tree_id(tree) == "1cb008ccf0077ec03e810c85fedbdff4b899590e"
