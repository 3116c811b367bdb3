"""The channel that the operator named: a folder or an https address; asked when a person asks, never by itself."""

import hashlib
import os
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2

from bailiwick.control.upgrades.errors import NotConfiguredError, ReleaseRefusedError
from bailiwick.control.upgrades.model import CHANNEL_FILE, Channel, Offer, parts_of
from bailiwick.control.upgrades.trust import Trust, require_current
from bailiwick.core.errors import UnavailableError
from bailiwick.files import write_private

_MOST_CHANNEL_BYTES = 4 * 2**20
_PIECE = 2**20
_SECONDS = 60.0
# What sends slower than this is given up: an answer must come to its end.
_LEAST_BYTES_PER_SECOND = 16 * 2**10
# Sizes are promised of what is sent, so nothing may be unpacked on the way.
_AS_IT_IS = {"accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class ChannelReader:
    """Reads a channel. `seen` is a file that remembers the highest sequence that was shown, so that it never falls;
    `ca_file` is the authority of its certificate, where that is not one that everybody trusts.
    """

    address: str
    trust: Trust
    seen: Path
    ca_file: Path | None = None

    def read(self, now: datetime) -> Channel:
        """Return what the channel offers; raise `ReleaseRefusedError` when it is not genuine, old, or went back."""
        channel = self.trust.channel(b"".join(self._content(CHANNEL_FILE, _MOST_CHANNEL_BYTES)))
        require_current(channel.expires, now)
        highest = int(self.seen.read_text()) if self.seen.exists() else 0
        if channel.sequence < highest:
            raise ReleaseRefusedError(
                f"the channel shows its state {channel.sequence}, and showed {highest} before",
                hint="somebody keeps newer releases from this installation",
            )
        write_private(self.seen, f"{channel.sequence}")
        return channel

    def newest(self, now: datetime, installed: str) -> Offer | None:
        """Return the newest release that the channel offers, None when nothing is newer than what is installed."""
        newer = [item for item in self.read(now).releases if parts_of(item.version) > parts_of(installed)]
        return max(newer, key=lambda item: parts_of(item.version), default=None)

    def fetch(self, offer: Offer, folder: Path) -> Path:
        """Bring a bundle into a folder and return it; raise `ReleaseRefusedError` when it is another one."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = folder / offer.name
        unfinished = folder / f".{offer.name}"
        try:
            seen = self._copy(offer, unfinished)
            if seen != offer.sha256:
                raise ReleaseRefusedError(
                    f"{offer.name} is not what the channel offers", hint="do not use this channel"
                )
            return unfinished.rename(target)
        except OSError as fault:
            raise UnavailableError(
                f"{offer.name} could not be kept: {fault.strerror}", hint=f"make room in {folder}, and try again"
            ) from fault
        finally:
            unfinished.unlink(missing_ok=True)

    def _copy(self, offer: Offer, target: Path) -> str:
        """Write a bundle into a file; return its SHA-256."""
        seen = hashlib.sha256()
        with target.open("wb") as file:
            for piece in self._content(offer.name, offer.size):
                seen.update(piece)
                file.write(piece)
            os.fsync(file.fileno())
        return seen.hexdigest()

    def _content(self, name: str, most_bytes: int) -> Iterator[bytes]:
        if not self.address:
            raise NotConfiguredError(
                "no channel is set", hint="set upgrades.channel, or give a bundle: bailiwick upgrade show FILE"
            )
        total = 0
        source = self._fetched(name, most_bytes) if self.address.startswith("https://") else self._copied(name)
        for piece in source:
            total += len(piece)
            if total > most_bytes:
                raise ReleaseRefusedError(f"{name} in the channel is larger than it may be")
            yield piece

    def _copied(self, name: str) -> Iterator[bytes]:
        try:
            with (Path(self.address) / name).open("rb") as file:
                while piece := file.read(_PIECE):
                    yield piece
        except OSError as fault:
            raise UnavailableError(f"{name} in the channel {self.address} cannot be read: {fault.strerror}") from None

    def _fetched(self, name: str, most_bytes: int) -> Iterator[bytes]:
        """Yield a file over https. No redirect is followed: whoever named the address trusts that one and no other."""
        url = f"{self.address.rstrip('/')}/{name}"
        ends = time.monotonic() + _SECONDS + most_bytes / _LEAST_BYTES_PER_SECOND
        try:
            with httpx2.stream(
                "GET", url, timeout=_SECONDS, follow_redirects=False, verify=self._tls(), headers=_AS_IT_IS
            ) as answer:
                _require_found(answer, url)
                for piece in answer.iter_raw():
                    if time.monotonic() > ends:
                        raise UnavailableError(f"the channel sends {name} so slowly that it was given up")
                    yield piece
        except httpx2.HTTPError as fault:
            raise _unreachable(fault, url) from None

    def _tls(self) -> ssl.SSLContext | bool:
        if self.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(self.ca_file))
        except OSError as fault:
            raise UnavailableError(
                f"{self.ca_file} cannot be read as an authority: {fault.strerror or type(fault).__name__}",
                hint="upgrades.ca_file in the settings names it, in PEM",
            ) from None


def _require_found(answer: httpx2.Response, url: str) -> None:
    if answer.is_redirect:
        place = answer.headers.get("location", "nowhere")[:200]
        raise UnavailableError(
            f"the channel sends from {url} to {place}, which is not followed",
            hint="set upgrades.channel to where the channel is, if that is the address you trust",
        )
    if answer.status_code != httpx2.codes.OK:
        raise UnavailableError(f"the channel answers {answer.status_code} for {url}")


def _unreachable(fault: httpx2.HTTPError, url: str) -> UnavailableError:
    if "CERTIFICATE_VERIFY_FAILED" in str(fault):
        return UnavailableError(
            f"the certificate of the channel is not one that is trusted here: {url}",
            hint="upgrades.ca_file names the authority, where the certificate is of your company's own",
        )
    if isinstance(fault, httpx2.RemoteProtocolError | httpx2.ReadError):
        return UnavailableError(f"the channel broke off while it sent {url}", hint="nothing was changed; try again")
    return UnavailableError(f"the channel does not answer: {type(fault).__name__} for {url}")
