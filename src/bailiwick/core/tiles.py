"""The audit log's tree in tiles of 256 hashes, named as C2SP tlog-tiles says: static files can serve it."""

# https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.merkle import tree_root

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH_BYTES = 32
_MAX_LEVEL = 7  # 256^7 leaves and more do not fit the numbers that count them
_FORM = re.compile(r"([0-7])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a tile stands: `width` hashes (256 in a full one) of trees of 256^level leaves, from `index` * 256 on."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below `tile/`, such as `0/x001/067` or `1/000.p/8` for a partial one."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"{self.level}/{'/'.join(groups)}{partial}"

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Read a path; raise `InvalidInputError` for any but the one right spelling of a tile."""
        match = _FORM.fullmatch(path)
        if match is not None:
            index = int(match[2].replace("x", "").replace("/", ""))
            tile = cls(int(match[1]), index, int(match[3] or WIDTH))
            if tile.path == path:
                return tile
        raise InvalidInputError(
            f"'{path[:60]}' names no tile", hint="write LEVEL/INDEX in groups of three digits, such as 0/x001/067"
        )


def tiles_of(size: int, have: int = 0) -> Iterator[Tile]:
    """Yield the tiles of a tree of `size` leaves, partial ones last of each level, without the full ones of `have`."""
    for level in range(_MAX_LEVEL + 1):
        hashes = size >> (HEIGHT * level)
        if not hashes:
            return
        for index in range((have >> (HEIGHT * level)) // WIDTH, hashes // WIDTH):
            yield Tile(level, index)
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, hashes % WIDTH)


def split(hashes: bytes) -> list[bytes]:
    """Return the hashes that a tile's bytes hold."""
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]


class TileNodes:
    """The nodes of a tree, taken from its tiles; `entries` gives `count` hashes of a level from `start` on."""

    def __init__(self, entries: Callable[[int, int, int], Sequence[bytes]]) -> None:
        self._entries = entries

    def __call__(self, height: int, index: int) -> bytes:
        """Return the root of the perfect subtree of 2^height leaves (see `merkle.Nodes`), out of one tile."""
        level, within = divmod(height, HEIGHT)
        return tree_root(self._entries(level, index << within, 1 << within))
