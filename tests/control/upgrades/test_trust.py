"""Which releases and channels are taken, and which are refused whoever shows them."""

import tarfile
from datetime import timedelta
from pathlib import Path

import pytest

from bailiwick.control.upgrades import ChannelReader, ReleaseRefusedError, Trust, read_release, require_newer
from bailiwick.control.upgrades import require_current as current
from bailiwick.control.upgrades.bundle import unpack
from bailiwick.control.upgrades.bundling import write_channel
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import UnavailableError
from bailiwick.core.statements import SigningKey
from tests.fixtures.releases import Releases

pytestmark = pytest.mark.req("DG6")


@pytest.fixture
def some(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "bailiwick-0.2.0-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return path


def trust(some: Releases, threshold: int = 2) -> Trust:
    return Trust([key.public_text for key in some.keys], threshold)


def test_enough_keys_must_have_signed(some: Releases, wheel: Path) -> None:
    stranger = SigningKey.generate()
    assert read_release(some.bundle_of_bytes("two", wheel), trust(some)).version == "0.2.0"
    for name, keys in {
        "one": some.keys[:1],
        "one twice": [some.keys[0], some.keys[0]],
        "one and a stranger": [some.keys[0], stranger],
        "strangers": [stranger, SigningKey.generate()],
    }.items():
        with pytest.raises(ReleaseRefusedError, match="trusted keys signed it"):
            read_release(some.bundle_of_bytes(name, wheel, keys), trust(some))


def test_a_wheel_that_was_changed_or_added_or_left_out_is_refused(some: Releases, wheel: Path, tmp_path: Path) -> None:
    good = some.bundle_of_bytes("good", wheel)
    content = good.read_bytes()
    changed = tmp_path / "changed.bundle"
    changed.write_bytes(content.replace(b"a wheel", b"A wheel"))
    with pytest.raises(ReleaseRefusedError, match="not what the release keys signed"):
        unpack(changed, tmp_path / "out", trust(some))
    added = tmp_path / "added.bundle"
    added.write_bytes(content)
    with tarfile.open(added, "a") as archive:
        archive.add(wheel, "wheels/../../evil.whl")
    with pytest.raises(ReleaseRefusedError, match="does not name"):
        unpack(added, tmp_path / "out", trust(some))
    for name, leads in (("wheels/" + wheel.name, "/etc/passwd"), ("../evil", "")):
        climbing = tmp_path / "climbing.bundle"
        with tarfile.open(good) as source, tarfile.open(climbing, "w") as target:
            first = source.getmembers()[0]
            target.addfile(first, source.extractfile(first))
            member = tarfile.TarInfo(name)
            member.type, member.linkname = (tarfile.SYMTYPE, leads) if leads else (tarfile.REGTYPE, "")
            target.addfile(member)
        with pytest.raises(ReleaseRefusedError, match="does not name"):
            unpack(climbing, tmp_path / "out", trust(some))
        assert not (tmp_path / "evil").exists()
    for share in (0.1, 0.5):
        cut = tmp_path / "cut.bundle"
        cut.write_bytes(content[: int(len(content.rstrip(b"\0")) * share)])
        with pytest.raises(ReleaseRefusedError):
            unpack(cut, tmp_path / "out", trust(some))
    with pytest.raises(ReleaseRefusedError, match="cannot be read"):
        read_release(tmp_path / "nowhere", trust(some))


def test_old_and_expired_and_too_new_releases_are_refused(some: Releases, wheel: Path) -> None:
    now = utc_now()
    release = read_release(some.bundle_of_bytes("old", wheel, expires=now - timedelta(seconds=1)), trust(some))
    with pytest.raises(ReleaseRefusedError, match="it counted until"):
        current(release.expires, now)
    for installed in ("0.2.0", "0.2", "0.10.0"):
        with pytest.raises(ReleaseRefusedError, match="is not newer"):
            require_newer(release, installed)
    later = read_release(some.bundle_of_bytes("far", wheel, version="3.0", from_version="2.0"), trust(some))
    with pytest.raises(ReleaseRefusedError, match="is taken from"):
        require_newer(later, "0.1.0")
    require_newer(later, "2.0.1")


def test_a_channel_that_shows_an_older_state_or_is_expired_is_refused(
    some: Releases, wheel: Path, tmp_path: Path
) -> None:
    now = utc_now()
    folder = tmp_path / "channel"
    folder.mkdir()
    bundle = some.bundle_of_bytes("in-channel", wheel).rename(folder / "bailiwick-0.2.0.bundle")
    reader = ChannelReader(str(folder), trust(some), tmp_path / "seen")
    write_channel(folder, 7, now + timedelta(days=1), [("0.2.0", bundle)], some.keys)
    offer = reader.newest(now, "0.1.0")
    assert offer is not None
    assert reader.newest(now, "0.2.0") is None
    assert read_release(reader.fetch(offer, tmp_path / "got"), trust(some)).version == "0.2.0"
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"x")
    with pytest.raises(ReleaseRefusedError, match="not what the channel offers"):
        reader.fetch(offer, tmp_path / "got")
    bundle.write_bytes(bundle.read_bytes() + b"more")
    with pytest.raises(ReleaseRefusedError, match="larger"):
        reader.fetch(offer, tmp_path / "got")
    write_channel(folder, 6, now + timedelta(days=1), [], some.keys)
    with pytest.raises(ReleaseRefusedError, match="shows its state 6, and showed 7"):
        reader.read(now)
    write_channel(folder, 8, now, [], some.keys)
    with pytest.raises(ReleaseRefusedError, match="it counted until"):
        reader.read(now)
    (folder / "channel.json").write_bytes(b"{}")
    with pytest.raises(ReleaseRefusedError, match="not genuine"):
        reader.read(now)
    (folder / "channel.json").unlink()
    with pytest.raises(UnavailableError, match="cannot be read"):
        reader.read(now)
