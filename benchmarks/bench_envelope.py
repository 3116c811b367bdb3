"""Envelope encryption: how many small records are sealed and opened a second, against the least that we promise.

A record is 256 bytes. Its tenant key was unwrapped by the company's key and is kept in the cache, as in the product.
The peer is Fernet of the same library, which many would take instead.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.control.vault import LocalFileKeyProvider
from bailiwick.control.vault.cache import KeyCache
from bailiwick.control.vault.envelope import binding, seal, unseal

_PROMISED = 20_000
_RECORD = bytes(range(256))
_SECONDS = 1.0
_TENANT = "default"


def measure() -> list[tuple[str, float, str]]:
    """Return records sealed and opened a second over what is promised, and sealed over Fernet's."""
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        provider, cache = LocalFileKeyProvider(Path(home) / "vault.key"), KeyCache()
        wrapped = provider.wrap(AESGCM.generate_key(256), _TENANT)

        def cipher() -> AESGCM:
            return cache.cipher(wrapped, lambda item: provider.unwrap(item, _TENANT))

        def sealing(number: int) -> bytes:
            return seal(cipher(), _RECORD, binding(_TENANT, "secret", "record", number))

        sealed = sealing(0)
        bound_to = binding(_TENANT, "secret", "record", 0)
        fernet = Fernet(Fernet.generate_key())
        ours = _per_second(sealing)
        opened = _per_second(lambda _: unseal(cipher(), sealed, bound_to, "record"))
        theirs = _per_second(lambda _: fernet.encrypt(_RECORD))
    return [
        ("envelope: records sealed a second / 20,000", ours / _PROMISED, f"{ours:,.0f}"),
        ("envelope: records opened a second / 20,000", opened / _PROMISED, f"{opened:,.0f}"),
        ("envelope: records sealed a second / Fernet", ours / theirs, f"{ours:,.0f} against {theirs:,.0f}"),
    ]


def _per_second(work: Callable[[int], object]) -> float:
    count, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < _SECONDS:
        for _ in range(500):
            work(count)
            count += 1
    return count / elapsed
