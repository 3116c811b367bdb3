"""What a manifest may say of static files, and what it may not."""

import pytest

from bailiwick.core.manifest import ManifestError, parse_manifest
from bailiwick.core.offer import missing
from bailiwick.core.reach import reach_of
from bailiwick.core.reach_news import news
from bailiwick.core.reach_words import reach_lines
from bailiwick.core.static_site import STRICT_POLICY

STATIC = '[app]\nname = "handbook"\npurpose = "The handbook of the team"\nkind = "static"\n'
WEB = '[app]\nname = "desk"\npurpose = "Shows the orders of a region"\nentrypoint = "app:app"\n'
FOLDER = '[static]\nfolder = "dist"\n'


@pytest.mark.req("RT7")
def test_a_static_app_says_its_folder_and_needs_no_runtime() -> None:
    manifest = parse_manifest(STATIC + FOLDER)
    assert manifest.static is not None
    assert (manifest.app.runtime, manifest.static.prefix, manifest.static.index) == ("static", "/", "index.html")
    assert manifest.static.content_security_policy == STRICT_POLICY
    assert not manifest.misses_go_to_app
    assert missing(manifest, []) == ()
    assert parse_manifest(STATIC + 'runtime = "static"\n' + FOLDER) == manifest


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STATIC, 'a static app needs [static] with folder = "dist"'),
        (STATIC + 'runtime = "python3"\n' + FOLDER, 'kind = "static" and runtime = "static" go together'),
        (WEB + 'runtime = "static"\n' + FOLDER, 'kind = "static" and runtime = "static" go together'),
        (STATIC + 'entrypoint = "app:app"\n' + FOLDER, "entrypoint says nothing"),
        (STATIC + 'health = "/healthz"\n' + FOLDER, "health says nothing"),
        (STATIC + 'tests = "pytest"\n' + FOLDER, "tests says nothing"),
        (STATIC + "[database]\n" + FOLDER, "[database] says nothing"),
        (STATIC + '[egress]\nallow = ["a.example:443"]\n' + FOLDER, "[egress] says nothing"),
        (STATIC + '[jobs.n]\nschedule = "0 2 * * *"\nrun = "a:b"\n' + FOLDER, "[jobs] says nothing"),
        (WEB.replace('entrypoint = "app:app"', 'kind = "job"') + FOLDER, "[static] is for web and static apps"),
        (WEB + FOLDER + 'fallback = "index.html"\n', "static.fallback: at the prefix /"),
        (STATIC + '[static]\nfolder = "."\n', "'.' is no plain path"),
        (STATIC + '[static]\nfolder = "dist/../.."\n', "is no plain path"),
        (STATIC + '[static]\nfolder = "/srv"\n', "static.folder"),
        (STATIC + '[static]\nfolder = ""\n', "static.folder"),
        (STATIC + FOLDER + 'prefix = "static"\n', "static.prefix"),
        (STATIC + FOLDER + 'prefix = "/a/../b"\n', "is no plain path"),
        (STATIC + FOLDER + 'prefix = "//evil.example"\n', "static.prefix"),
        (STATIC + FOLDER + 'index = "a/b.html"\n', "the name of a file in each folder"),
        (STATIC + FOLDER + 'not_found = "../../etc/passwd"\n', "is no plain path"),
        (STATIC + FOLDER + 'immutable = ["assets", ".."]\n', "is no plain path"),
        (STATIC + FOLDER + 'content_security_policy = "a\\r\\nset-cookie: x"\n', "content_security_policy"),
        (STATIC + FOLDER + 'content_security_policy = "default-src *, script-src *"\n', "content_security_policy"),
        (STATIC + FOLDER + 'folders = "x"\n', "did you mean 'folder'?"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_or_leads_elsewhere_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_manifest(text)
    assert said in refused.value.message


@pytest.mark.req("RT7")
def test_a_web_app_gives_a_prefix_to_its_files_or_what_is_no_file_to_its_code() -> None:
    assert parse_manifest(WEB + FOLDER).misses_go_to_app
    assert not parse_manifest(WEB + FOLDER + 'prefix = "/static"\nfallback = "index.html"\n').misses_go_to_app


@pytest.mark.req("RT7")
def test_a_policy_of_its_own_for_browsers_is_in_the_reach_and_memory_that_nothing_uses_is_not() -> None:
    strict, own = (
        reach_of(parse_manifest(STATIC + FOLDER + more), ())
        for more in ("", 'content_security_policy = "connect-src https://a.example"\n')
    )
    words = "tells browsers what its static pages may do: connect-src https://a.example"
    assert [line.words for line in news(strict, own)] == [words]
    assert news(own, strict) == ()
    assert strict.digest() != own.digest()
    assert [line.words for line in reach_lines(strict)] == ["takes up to 50 requests a second"]
