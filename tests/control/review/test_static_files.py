"""What a review says of the files that a plane is to serve by itself."""

import gzip

import pytest

from bailiwick.control.review.engines.static_files import check
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import parse_manifest

STATIC = '[app]\nname = "handbook"\npurpose = "The handbook of the team"\nkind = "static"\n[static]\nfolder = "dist"\n'
WEB = '[app]\nname = "desk"\npurpose = "Shows the orders of a region"\nentrypoint = "app:app"\n'


def found(manifest: str, files: dict[str, bytes]) -> dict[str, str]:
    tree = {path: TreeFile(path, content) for path, content in files.items()}
    return {item.rule.id: item.message for item in check(parse_manifest(manifest), tree)}


@pytest.mark.req("RV4", "RT7")
def test_nothing_is_said_of_what_is_there() -> None:
    files = {
        "dist/index.html": b"x",
        "dist/a.js": b"1",
        "dist/a.js.gz": gzip.compress(b"1", mtime=0),
        "tool.py": b"x = 1",
    }
    assert found(STATIC, files) == {}
    assert found(WEB, {"app.py": b""}) == {}
    assert found(f'{WEB}[static]\nfolder = "public"\nprefix = "/s"\n', {"public/a.css": b""}) == {}


@pytest.mark.req("RV4", "RT7")
def test_a_site_that_was_not_built_is_told_so() -> None:
    assert found(STATIC, {"src/main.js": b""}) == {
        "static-file-missing": "static.folder names dist/, of which there is nothing in the push"
    }
    words = found(f'{STATIC}not_found = "no.html"\nfallback = "app.html"\n', {"dist/app.html": b""})
    said = "static.not_found names dist/no.html and static.index names dist/index.html"
    assert words == {"static-file-missing": f"{said}, of which there is nothing in the push"}


@pytest.mark.req("RV2", "RT7")
@pytest.mark.parametrize("name", ["settings.py", "schema.sql", "data.sqlite", "uv.lock", "tls.key", "a/b/deploy.sh"])
def test_source_in_the_folder_is_found(name: str) -> None:
    said = found(STATIC, {"dist/index.html": b"", f"dist/{name}": b""})
    assert said == {"static-source-served": f"dist/{name} would be given to everybody who may open the app"}


@pytest.mark.req("RV2", "RT7")
@pytest.mark.parametrize(
    "copy",
    [
        gzip.compress(b"fetch('//x')", mtime=0),
        b"",
        b"no gzip",
        gzip.compress(b"1", mtime=0)[:-4],
        gzip.compress(b"1" * 10**6, mtime=0),
    ],
    ids=["something else", "empty", "no gzip", "cut off", "much more"],
)
def test_a_compressed_copy_that_is_something_else_is_found(copy: bytes) -> None:
    said = found(STATIC, {"dist/index.html": b"", "dist/a.js": b"1", "dist/a.js.gz": copy})
    assert said == {"static-copy-differs": "dist/a.js.gz unpacks to something else than dist/a.js"}
