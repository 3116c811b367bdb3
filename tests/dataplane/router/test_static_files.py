"""Static files as a browser gets them from the router, and everything that tries a way round."""

import asyncio
import gzip

import brotli
import pytest

from bailiwick.core.static_site import StaticSection
from bailiwick.dataplane.router import StaticFiles
from tests.fixtures.routing import MEGABYTE, Answer, Served

PAGE = b"<!doctype html><title>Front</title>"
SCRIPT = b"console.log('hello');\n" * 200
FILES = {
    "bailiwick.toml": b"[app]",
    "server/secret.py": b"KEY = 1",
    "dist/index.html": PAGE,
    "dist/about.html": b"about",
    "dist/guide/index.html": b"guide",
    "dist/empty/picture.png": b"\x89PNG",
    "dist/assets/index-BqXz3k2a.js": SCRIPT,
    "dist/assets/index-BqXz3k2a.js.br": brotli.compress(SCRIPT),
    "dist/assets/index-BqXz3k2a.js.gz": gzip.compress(SCRIPT),
    "dist/plain.css": b"body{}",
    "dist/plain.css.gz": gzip.compress(b"body{display:none}"),
    "dist/site-navigation.js": b"1",
    "dist/main.8f3a2c1d.js": b"2",
    "dist/\u00e4 b.txt": b"umlaut",
    "dist/.env": b"SECRET=1",
    "dist/.git/config": b"[core]",
    "dist/.well-known/security.txt": b"Contact: x",
    "dist/large.bin": bytes(range(256)) * 4096 * 8,
}
STATIC_ONLY = {"folder": "dist"}
NOT_THERE = r"""
/../server/secret.py /..%2fserver/secret.py /%2e%2e/server/secret.py /assets/../../bailiwick.toml
/assets/..%5c..%5cbailiwick.toml /..\bailiwick.toml //etc/passwd /./plain.css /assets//index-BqXz3k2a.js
/plain.css%00 /plain.css%00.html /%2fplain.css /assets%2findex-BqXz3k2a.js /.env /%2eenv /.git/config
/%252e%252e/bailiwick.toml /dist/index.html /assets/ /empty/ /assets /plain.css/ /%ff /nothing.js /.. /.
/plain.css%0d%0ax:y /PLAIN.CSS /.well-known/ /%c0%ae%c0%ae/bailiwick.toml
""".split()


def serve(served: Served, section: dict[str, object], *, passes_on: bool = False, running: bool = False) -> None:
    """Serve files, with the app behind them only where it is `running`."""
    files = StaticFiles(StaticSection.model_validate(section), FILES, passes_on=passes_on)
    served.site.serve(served.site.state, served.site.upstream if running else None, files)


async def ask(served: Served, target: str, *headers: str, method: str = "GET") -> Answer:
    browser = await served.browser()
    browser.ask(method, target, *headers)
    answer = await browser.head() if method == "HEAD" else await browser.answer()
    browser.writer.close()
    return answer


@pytest.mark.req("RT7")
async def test_a_page_comes_with_its_type_a_strict_policy_and_nothing_ran_for_it(served: Served) -> None:
    serve(served, STATIC_ONLY)
    found = await ask(served, "/")
    assert (found.status, found.body) == (200, PAGE)
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-security-policy"].startswith("default-src 'self';")
    assert found.headers["cache-control"] == "private, no-cache"
    assert served.app.headers == []
    assert [(item.status, item.path, item.principal) for item in served.traces] == [(200, "/", "user:ann@example.com")]


@pytest.mark.req("RT7", "ID1")
async def test_nobody_sees_a_file_without_signing_in(served: Served) -> None:
    serve(served, STATIC_ONLY)
    browser = await served.browser()
    browser.ask("GET", "/plain.css", signed_in=False)
    assert (await browser.answer()).status == 401
    browser = await served.browser()
    browser.ask("GET", "/", "Accept: text/html", signed_in=False)
    found = await browser.answer()
    assert (found.status, found.headers["location"].split("?")[0]) == (302, "http://console/sign-in")
    assert served.traces == []


@pytest.mark.req("RT5", "RT7")
async def test_an_app_that_was_stopped_serves_no_file_and_what_is_sent_just_now_is_cut(served: Served) -> None:
    serve(served, STATIC_ONLY)
    browser = await served.browser()
    browser.ask("GET", "/large.bin")
    await browser.head()
    assert len(served.site.in_flight) == 1
    served.site.stop("killed", "a test")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await browser.reader.readexactly(len(FILES["dist/large.bin"]))
    assert (await served.trace()).status == 503
    assert (await ask(served, "/")).status == 503
    assert not served.site.in_flight


@pytest.mark.req("RT7")
@pytest.mark.parametrize("target", NOT_THERE)
async def test_what_is_no_file_of_the_folder_is_not_there_however_it_is_written(served: Served, target: str) -> None:
    serve(served, STATIC_ONLY)
    found = await ask(served, target)
    assert found.status == 404
    assert b"There is nothing at this address" in found.body
    assert served.traces[-1].status == 404


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/about", b"about"), ("/about.html", b"about"), ("/guide/", b"guide"), ("/%C3%A4%20b.txt", b"umlaut"),
        ("/.well-known/security.txt", b"Contact: x"), ("/plain.css?v=..%2f..", b"body{}"), ("/%61bout", b"about"),
    ],
)  # fmt: skip
async def test_files_are_found_at_the_addresses_that_builders_are_used_to(
    served: Served, target: str, body: bytes
) -> None:
    serve(served, STATIC_ONLY)
    found = await ask(served, target)
    assert (found.status, found.body) == (200, body)


@pytest.mark.req("RT7")
async def test_a_folder_without_its_slash_is_sent_to_it_on_the_same_host(served: Served) -> None:
    serve(served, STATIC_ONLY)
    found = await ask(served, "/guide?a=1")
    assert (found.status, found.headers["location"], found.body) == (308, "/guide/?a=1", b"")


@pytest.mark.req("RT7")
async def test_what_is_known_is_not_sent_again_and_hashed_names_are_kept(served: Served) -> None:
    serve(served, {**STATIC_ONLY, "immutable": ["empty"]})
    tag = (await ask(served, "/plain.css")).headers["etag"]
    for said in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        known = await ask(served, "/plain.css", f"If-None-Match: {said}")
        assert (known.status, known.headers["etag"], "content-length" in known.headers) == (304, tag, False)
    assert (await ask(served, "/plain.css", 'If-None-Match: "x"')).status == 200
    for path in ("/assets/index-BqXz3k2a.js", "/main.8f3a2c1d.js", "/empty/picture.png"):
        assert (await ask(served, path)).headers["cache-control"] == "private, max-age=31536000, immutable"
    for path in ("/site-navigation.js", "/plain.css", "/guide/"):
        assert (await ask(served, path)).headers["cache-control"] == "private, no-cache"


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("asked", "status", "said", "body"),
    [
        ("bytes=0-4", 206, "bytes 0-4/35", PAGE[:5]), ("bytes=30-", 206, "bytes 30-34/35", PAGE[30:]),
        ("bytes=-3", 206, "bytes 32-34/35", PAGE[-3:]), ("bytes=30-900", 206, "bytes 30-34/35", PAGE[30:]),
        ("bytes=-900", 206, "bytes 0-34/35", PAGE), ("bytes=0-1,3-4", 200, None, PAGE), ("bytes=5-2", 200, None, PAGE),
        ("lines=1-2", 200, None, PAGE), ("bytes=-", 200, None, PAGE), ("bytes=35-", 416, "bytes */35", None),
        ("bytes=-0", 416, "bytes */35", None), (f"bytes={'9' * 5000}-", 200, None, PAGE),
    ],
)  # fmt: skip
async def test_one_part_of_a_file_is_given_and_odd_parts_are_the_whole_or_none(
    served: Served, asked: str, status: int, said: str | None, body: bytes | None
) -> None:
    serve(served, STATIC_ONLY)
    found = await ask(served, "/", f"Range: {asked}")
    assert (found.status, found.headers.get("content-range")) == (status, said)
    assert body is None or found.body == body


@pytest.mark.req("RT7")
async def test_a_part_of_another_version_is_the_whole(served: Served) -> None:
    serve(served, STATIC_ONLY)
    tag = (await ask(served, "/")).headers["etag"]
    assert (await ask(served, "/", "Range: bytes=0-4", f"If-Range: {tag}")).status == 206
    assert (await ask(served, "/", "Range: bytes=0-4", 'If-Range: "old"')).status == 200
    assert (await ask(served, "/", "Range: bytes=0-4", f"If-Range: W/{tag}")).status == 200


@pytest.mark.req("RT7", "RV2")
async def test_compressed_copies_are_served_to_whoever_takes_them_and_only_when_they_are_copies(served: Served) -> None:
    serve(served, STATIC_ONLY)
    target = "/assets/index-BqXz3k2a.js"
    found = await ask(served, target, "Accept-Encoding: gzip, br")
    assert (found.headers["content-encoding"], brotli.decompress(found.body)) == ("br", SCRIPT)
    assert (found.headers["vary"], found.headers["content-type"]) == (
        "accept-encoding",
        "text/javascript; charset=utf-8",
    )
    found = await ask(served, target, "Accept-Encoding: gzip, br;q=0")
    assert (found.headers["content-encoding"], gzip.decompress(found.body)) == ("gzip", SCRIPT)
    for headers in ((), ("Accept-Encoding: identity",), ("Accept-Encoding: br", "Range: bytes=0-9")):
        found = await ask(served, target, *headers)
        assert "content-encoding" not in found.headers
        assert SCRIPT.startswith(found.body)
    found = await ask(served, "/plain.css", "Accept-Encoding: gzip")
    assert (found.body, "content-encoding" in found.headers) == (b"body{}", False)


@pytest.mark.req("RT7")
async def test_head_tells_of_a_file_without_it_and_nothing_can_be_written(served: Served) -> None:
    serve(served, STATIC_ONLY)
    browser = await served.browser()
    browser.ask("HEAD", "/plain.css", "Range: bytes=0-1")
    assert (found := await browser.head()).status == 200
    assert found.headers["content-length"] == "6"
    assert (await browser.get("/plain.css")).body == b"body{}", "the connection goes on, and had no body on it"
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        refused = await ask(served, "/plain.css", method=method)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    browser.ask("GET", "/plain.css", body=b"GET /x HTTP/1.1\r\n\r\n")
    assert (await browser.answer()).status == 400
    assert await browser.reader.read() == b"", "a body is nobody's next request"


@pytest.mark.req("RT7")
async def test_a_single_page_app_goes_on_from_its_page_and_scripts_that_are_missing_are_missing(served: Served) -> None:
    serve(served, {**STATIC_ONLY, "fallback": "index.html"})
    found = await ask(served, "/orders/7", "Accept: text/html,*/*")
    assert (found.status, found.body) == (200, PAGE)
    assert (await ask(served, "/assets/old-hash.js", "Accept: */*")).status == 404
    assert (await ask(served, "/..%2f..%2fetc/passwd", "Accept: text/html")).status == 404


@pytest.mark.req("RT7")
async def test_a_site_has_its_own_words_for_what_is_not_there(served: Served) -> None:
    serve(served, {**STATIC_ONLY, "not_found": "about.html", "content_security_policy": "default-src 'none'"})
    found = await ask(served, "/nothing")
    assert (found.status, found.body, found.headers["cache-control"]) == (404, b"about", "no-store")
    assert found.headers["content-security-policy"] == "default-src 'none'"
    assert "etag" not in found.headers


@pytest.mark.req("RT7")
async def test_files_of_a_web_app_lie_below_their_prefix_and_the_app_has_the_rest(served: Served) -> None:
    serve(served, {**STATIC_ONLY, "prefix": "/static"}, running=True)
    assert (await ask(served, "/static/plain.css")).body == b"body{}"
    assert (await ask(served, "/static")).headers["location"] == "/static/"
    assert (await ask(served, "/static/hello")).status == 404
    assert (await ask(served, "/static/../hello")).status == 404
    assert served.app.headers == []
    assert (await ask(served, "/hello")).body == b"hello"
    serve(served, STATIC_ONLY, passes_on=True, running=True)
    assert (await ask(served, "/")).body == PAGE
    assert (await ask(served, "/hello")).body == b"hello"
    assert (await ask(served, "/hello", method="POST")).body == b"hello"


@pytest.mark.req("RT7")
async def test_files_of_an_app_that_sleeps_do_not_wake_it(served: Served) -> None:
    serve(served, {**STATIC_ONLY, "prefix": "/static"}, running=True)
    upstream, woken = served.site.upstream, []

    async def wake() -> None:
        woken.append(1)
        served.site.go_on(upstream)

    served.site.doze(wake)
    assert (await ask(served, "/static/plain.css")).body == b"body{}"
    assert (served.site.condition, woken) == ("asleep", [])
    assert (await ask(served, "/hello")).body == b"hello"
    assert woken == [1]


@pytest.mark.req("RT6", "RT7")
async def test_whoever_reads_slowly_holds_a_place_and_not_the_memory(served: Served) -> None:
    serve(served, STATIC_ONLY)
    browser = await served.browser()
    browser.ask("GET", "/large.bin")
    await browser.head()
    await asyncio.sleep(0.2)
    assert len(served.site.in_flight) == 1
    body = await browser.reader.readexactly(len(FILES["dist/large.bin"]))
    assert body == FILES["dist/large.bin"] and len(body) == 8 * MEGABYTE
    browser.writer.close()
    assert (await served.trace()).status == 200


@pytest.mark.req("RT7")
async def test_whoever_goes_away_leaves_nothing_behind(served: Served) -> None:
    serve(served, STATIC_ONLY)
    browser = await served.browser()
    browser.ask("GET", "/large.bin")
    await browser.head()
    browser.writer.transport.abort()
    assert (await served.trace()).status == 499
    assert not served.site.in_flight
