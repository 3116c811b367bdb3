"""A channel over https: who answers is known, nothing leads elsewhere, and every answer comes to an end."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from bailiwick.control.upgrades import ChannelReader, ReleaseRefusedError, Trust, read_release
from bailiwick.control.upgrades import channel as channel_module
from bailiwick.control.upgrades.bundling import write_channel
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import UnavailableError
from tests.control.exporters.certificates import Certificates
from tests.fixtures.https_server import https_server
from tests.fixtures.releases import Releases

pytestmark = pytest.mark.req("DG6")


@dataclass
class Channel:
    """A folder that is served over TLS, or what is answered in its place."""

    folder: Path
    url: str
    authority: Path
    releases: Releases
    says: Callable[[BaseHTTPRequestHandler], None] | None = None
    asked: list[str] = field(default_factory=list)

    def reader(self, ca_file: Path | None = None) -> ChannelReader:
        trust = Trust([key.public_text for key in self.releases.keys], 2)
        return ChannelReader(self.url, trust, self.folder.parent / "seen", ca_file or self.authority)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def served_as() -> str:
    """The name in the server's certificate."""
    return "localhost"


@pytest.fixture
def channel(tmp_path: Path, certificates: Certificates, served_as: str) -> Iterator[Channel]:
    releases, folder = Releases(tmp_path), tmp_path / "channel"
    folder.mkdir()
    wheel = tmp_path / "bailiwick-0.2.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    bundle = releases.bundle_of_bytes("bailiwick-0.2.0", wheel).rename(folder / "bailiwick-0.2.0.bundle")
    write_channel(folder, 7, utc_now() + timedelta(days=1), [("0.2.0", bundle)], releases.keys)
    made = Channel(folder, "", certificates.ca, releases)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            (made.says or Handler.give)(self)

        def give(self) -> None:
            content = (folder / Path(self.path).name).read_bytes()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with https_server(Handler, certificates, served_as) as address:
        made.url = f"{address}/stable"
        yield made


def newest(channel: Channel, ca_file: Path | None = None) -> object:
    return channel.reader(ca_file).newest(utc_now(), "0.1.0")


def test_a_release_is_taken_from_a_channel_with_the_companys_own_authority(channel: Channel, tmp_path: Path) -> None:
    reader = channel.reader()
    offer = reader.newest(utc_now(), "0.1.0")
    assert offer is not None
    assert read_release(reader.fetch(offer, tmp_path / "got"), reader.trust).version == "0.2.0"
    assert channel.asked == ["/stable/channel.json", "/stable/bailiwick-0.2.0.bundle"]


def test_a_certificate_of_an_authority_that_was_not_named_is_refused(channel: Channel, tmp_path: Path) -> None:
    other = Certificates(tmp_path / "others")
    with pytest.raises(UnavailableError, match="not one that is trusted here") as refused:
        newest(channel, other.ca)
    assert "upgrades.ca_file" in str(refused.value.hint)
    with pytest.raises(UnavailableError, match="cannot be read as an authority"):
        newest(channel, tmp_path / "nowhere.pem")
    assert channel.asked == []


class TestOfAnotherName:
    @pytest.fixture
    def served_as(self) -> str:
        return "releases.example"

    def test_a_certificate_for_another_name_is_refused(self, channel: Channel) -> None:
        with pytest.raises(UnavailableError, match="not one that is trusted here"):
            newest(channel)
        assert channel.asked == []


@pytest.mark.parametrize("place", ["http://localhost:1/stable/channel.json", "/elsewhere/channel.json"])
def test_nobody_is_sent_elsewhere(channel: Channel, place: str) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("location", place)
        handler.end_headers()

    channel.says = redirect
    with pytest.raises(UnavailableError, match=f"to {place}, which is not followed"):
        newest(channel)
    assert len(channel.asked) == 1


def test_an_answer_that_is_cut_is_said(channel: Channel, tmp_path: Path) -> None:
    reader = channel.reader()
    offer = reader.newest(utc_now(), "0.1.0")
    assert offer is not None
    content = (channel.folder / offer.name).read_bytes()

    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:100])
        handler.close_connection = True

    channel.says = cut
    with pytest.raises(UnavailableError, match="broke off"):
        reader.fetch(offer, tmp_path / "got")
    assert list((tmp_path / "got").iterdir()) == [], "nothing half is left"


def endless(piece: bytes, seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in itertools.count():
                handler.wfile.write(piece)
                time.sleep(seconds)
        except OSError:
            handler.close_connection = True

    return answer


def test_an_answer_without_end_ends(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    channel.says = endless(b"x" * 2**20, 0)
    with pytest.raises(ReleaseRefusedError, match="larger than it may be"):
        newest(channel)
    monkeypatch.setattr(channel_module, "_SECONDS", 0.5)
    monkeypatch.setattr(channel_module, "_LEAST_BYTES_PER_SECOND", 2**30)
    channel.says = endless(b"x", 0.02)
    with pytest.raises(UnavailableError, match="so slowly that it was given up"):
        newest(channel)


def test_a_channel_that_has_no_such_file_or_is_not_there_is_said(channel: Channel) -> None:
    channel.says = lambda handler: handler.send_error(404)
    with pytest.raises(UnavailableError, match="answers 404"):
        newest(channel)
    channel.url = "https://localhost:1/stable"
    with pytest.raises(UnavailableError, match="does not answer: ConnectError"):
        newest(channel)
