"""A volume: a file of fixed size on the plane's disk with an ext4 file system in it, mounted where the plane keeps it.

A file system of its own is the one quota for bytes and files that holds on any host, whatever its disk is formatted
with. The whole file is set aside when it is made: other apps cannot use up what one was promised.
"""

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bailiwick.dataplane.storage.errors import StorageError

MIB = 2**20
# Nothing in it is a device, gives rights or is run as a program, whatever a sandbox's own mount says.
_OPTIONS = "loop,nodev,nosuid,noexec,noatime,errors=remount-ro"
_JOURNAL_MIB = 4
# Inodes that are ext4's own, lost+found and the folder that the app gets.
_EXT4_FILES = 12
_BYTES_PER_FILE, _LEAST_FILES, _INODE_BYTES = 32 * 1024, 4096, 256
# What ext4 needs to know where its blocks are, and what it holds back so that writing never fails half way.
_OWN_SHARE, _OWN_BYTES = 256, MIB // 2
_HELD_BACK_SHARE, _MOST_HELD_BACK = 50, 4096 * 4096
_BLOCK = 4096
# What is left of the plane's disk for everything else that lives there.
_SPARED_SHARE, _MOST_SPARED = 20, 2**30
_SECONDS = 120
# How long we wait for others to let go of a volume that was closed, and how often we look.
_HELD_SECONDS, _LOOK_SECONDS = 5.0, 0.02
_REPAIRED = 1  # e2fsck(8): errors were corrected
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Filled:
    """How full a volume is: bytes and files, of how many."""

    used_bytes: int
    size_bytes: int
    files: int
    most_files: int


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume in a folder of its own, which nobody but the plane writes to; it may not exist yet."""

    folder: Path

    @property
    def files(self) -> Path:
        """The folder that an app gets, once the volume is open."""
        return self._mounted_at / "files"

    @property
    def is_open(self) -> bool:
        """Whether it is mounted, by whichever process of the plane."""
        return self._mounted_at.is_mount()

    def open(self, size_bytes: int, uid: int) -> None:
        """Make it if there is none, mount it if it is not, enlarge it if it is smaller; its files belong to `uid`.

        It never becomes smaller: what an earlier release kept stays. Where the kernel does not let us enlarge it while
        it is in use, it grows when it is opened the next time and nobody holds it. Raises `StorageError`.
        """
        self._mounted_at.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        if not self._image.exists():
            self._make(size_bytes)
        self._set_aside(self._image, _whole(size_bytes))
        if self.is_open:
            with contextlib.suppress(StorageError):
                self._enlarge_in_use()
        else:
            self._mount()
        self.files.mkdir(exist_ok=True)
        os.chown(self.files, uid, uid)
        self.files.chmod(0o700)

    def close(self) -> None:
        """Unmount it. A sandbox that is still ending keeps its own hold of it until it has ended."""
        if self.is_open:
            _run("umount", str(self._mounted_at), fault="it could not be unmounted")

    def remove(self) -> None:
        """Give up all that it holds."""
        self.close()
        shutil.rmtree(self.folder)

    def filled(self) -> Filled:
        """Return how full it is, once it is open."""
        found = os.statvfs(self.files)
        used = found.f_blocks - found.f_bfree
        size = (used + found.f_bavail) * found.f_frsize
        own = found.f_files - _EXT4_FILES
        return Filled(used * found.f_frsize, size, own - found.f_ffree, own)

    # -- inner steps ---------------------------------------------------------------------------------------------

    @property
    def _image(self) -> Path:
        return self.folder / "volume.ext4"

    @property
    def _mounted_at(self) -> Path:
        return self.folder / "open"

    def _make(self, size_bytes: int) -> None:
        """Make it under another name first: what a killed plane left half done is made anew."""
        unfinished = self.folder / "volume.new"
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        try:
            self._set_aside(unfinished, _whole(size_bytes))
            _run(
                "mkfs.ext4", "-q", "-F", "-b", str(_BLOCK), "-m", "0", "-N", str(_files(size_bytes)),
                "-J", f"size={_JOURNAL_MIB}",
                # Discarding would give back what was set aside.
                "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
                str(unfinished),
                fault="no file system could be made for it",
            )  # fmt: skip
        except StorageError:
            unfinished.unlink()
            raise
        unfinished.rename(self._image)

    @staticmethod
    def _set_aside(image: Path, whole_bytes: int) -> None:
        with image.open("r+b") as target:
            before = os.fstat(target.fileno()).st_size
            if before >= whole_bytes:
                return
            # Asked first: trying would fill the disk of everybody for a moment.
            if _room(image) < whole_bytes - before:
                raise _no_room(whole_bytes)
            try:
                os.posix_fallocate(target.fileno(), 0, whole_bytes)
            except OSError as fault:
                os.ftruncate(target.fileno(), before)
                raise _no_room(whole_bytes) from fault

    def _mount(self) -> None:
        image = str(self._image)
        if self._is_let_go():
            # What a host that lost its power left is put right before anybody relies on it.
            _run("e2fsck", "-f", "-p", image, fault="it is damaged, and must be looked at by hand", good=_REPAIRED)
            _run("resize2fs", image, fault="it could not be enlarged")
        _run("mount", "-o", _OPTIONS, image, str(self._mounted_at), fault="it could not be mounted")

    def _is_let_go(self) -> bool:
        """Return whether nobody holds it, after a while: every process that begins a mount namespace, such as a sandbox
        that starts, has a copy of all mounts until it gives them up. What one still holds is one file system with ours,
        which writes to the file beneath whoever checks or enlarges that.
        """
        deadline = time.monotonic() + _HELD_SECONDS
        while _run("losetup", "-n", "-O", "NAME", "-j", str(self._image), fault="it could not be looked at"):
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def _enlarge_in_use(self) -> None:
        device = _run("findmnt", "-n", "-o", "SOURCE", "--mountpoint", str(self._mounted_at), fault="it is not there")
        _run("losetup", "-c", device, fault="it could not be enlarged")
        _run("resize2fs", device, fault="it could not be enlarged")


def _whole(size_bytes: int) -> int:
    """Return how large the file must be so that `size_bytes` of it are an app's."""
    needed = size_bytes + _JOURNAL_MIB * MIB + _files(size_bytes) * _INODE_BYTES + size_bytes // _OWN_SHARE + _OWN_BYTES
    held_back = min(needed // _HELD_BACK_SHARE, _MOST_HELD_BACK)
    return (needed + held_back) // _BLOCK * _BLOCK


def _room(file: Path) -> int:
    """Return how many bytes of a file's disk may be set aside so that what else lives there can go on."""
    disk = os.statvfs(file)
    return disk.f_bavail * disk.f_frsize - min(disk.f_blocks * disk.f_frsize // _SPARED_SHARE, _MOST_SPARED)


def _no_room(whole_bytes: int) -> StorageError:
    return StorageError(
        f"there is no room for {whole_bytes // MIB} MiB of storage at this plane",
        hint="whoever runs this plane can make room on the disk of its state directory",
    )


def _files(size_bytes: int) -> int:
    """Return how many files a volume may hold: one for so many bytes, and some thousands at least."""
    return max(_LEAST_FILES, size_bytes // _BYTES_PER_FILE)


def _run(*command: str, fault: str, good: int = 0) -> str:
    """Run a program of the host and return what it says; raise `StorageError` when it exits with more than `good`."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS, env=_ENVIRONMENT, cwd="/"
        )
    except FileNotFoundError:
        raise StorageError(
            f"{command[0]} is not installed at this plane", hint="apt-get install e2fsprogs mount"
        ) from None
    except subprocess.TimeoutExpired:
        raise StorageError(f"{fault}: {command[0]} took longer than {_SECONDS} s") from None
    if done.returncode > good:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise StorageError(f"{fault}: {said or command[0]}", hint="the plane's host must allow loop devices and mounts")
    return done.stdout.strip()
