"""Artefacts in an OCI registry, over the distribution API; what comes back is checked against its digest.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""

import hashlib
import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import httpx2
from pydantic import SecretStr

from bailiwick.control.release.registry_access import Access
from bailiwick.core.artifacts import ArtifactError, digest
from bailiwick.core.errors import NotFoundError, UnavailableError
from bailiwick.core.oci import INDEX_TYPE, MANIFEST_TYPE, Manifest, index_of

_NAME = re.compile(r"[0-9a-f]{64}")
_REDIRECTS = 3
_LARGEST_BYTES = 1 << 31


@dataclass(frozen=True)
class Registry:
    """Where a registry is and who we are there. `url` is its root, `repository` the name that all releases share."""

    url: str
    repository: str
    username: str
    password: Callable[[], SecretStr] | None
    ca_file: Path | None


class RegistryStore:
    """Keeps artefacts in one repository of a registry. Nothing is kept here: it must answer for a plane to fetch."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._host = urlsplit(registry.url).netloc
        self._base = f"{registry.url.rstrip('/')}/v2/{registry.repository}"

    def put(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256."""
        name = digest(data)
        self._upload(name, len(data), lambda: data)
        return name

    def put_file(self, path: Path) -> str:
        """Keep what is in a file and return its SHA-256."""
        with path.open("rb") as source:
            name = hashlib.file_digest(source, "sha256").hexdigest()

            def content() -> IO[bytes]:
                source.seek(0)
                return source

            self._upload(name, path.stat().st_size, content)
        return name

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        """Keep a manifest under its digest, and under a tag when one is given."""
        with self._session() as access:
            answer = self._put_manifest(access, tag or f"sha256:{manifest.sha256}", MANIFEST_TYPE, manifest.data)
            subject = json.loads(manifest.data).get("subject")
            if subject is not None and "oci-subject" not in answer.headers:
                self._list_referrer(access, str(subject["digest"]), manifest)

    def get(self, name: str) -> bytes:
        """Return the bytes of a digest; raise `ArtifactError` when the registry gives others."""
        if not _NAME.fullmatch(name):
            raise NotFoundError("this does not name an artefact")
        with self._session() as access:
            answer = access.send("GET", f"{self._base}/blobs/sha256:{name}")
            for _ in range(_REDIRECTS):
                if not answer.is_redirect:
                    break
                # Registries send to where they store: without our credentials, and never in the clear.
                answer = access.elsewhere(urljoin(str(answer.url), answer.headers["location"]))
            if answer.status_code == httpx2.codes.NOT_FOUND:
                raise NotFoundError(f"the registry {self._host} does not have this artefact")
            self._require(answer, "give an artefact")
        if len(answer.content) > _LARGEST_BYTES or digest(answer.content) != name:
            raise ArtifactError(
                f"the registry {self._host} gave other bytes for {name[:12]}… than were kept",
                hint="find out who writes to it; deploy the app again to keep the artefact anew",
            )
        return answer.content

    def _upload(self, name: str, size: int, content: Callable[[], bytes | IO[bytes]]) -> None:
        with self._session() as access:
            if access.send("HEAD", f"{self._base}/blobs/sha256:{name}").is_success:
                return
            begun = access.send("POST", f"{self._base}/blobs/uploads/")
            self._require(begun, "take an artefact")
            place = urljoin(str(begun.url), begun.headers.get("location", ""))
            if urlsplit(place)[:2] != urlsplit(self._registry.url)[:2]:
                raise UnavailableError(f"the registry {self._host} wants artefacts sent to another host: not done")
            place += f"{'&' if '?' in place else '?'}digest=sha256:{name}"
            headers = {"content-type": "application/octet-stream", "content-length": str(size)}
            self._require(access.send("PUT", place, headers=headers, content=content), "take an artefact")

    def _put_manifest(self, access: Access, name: str, kind: str, data: bytes) -> httpx2.Response:
        headers = {"content-type": kind}
        answer = access.send("PUT", f"{self._base}/manifests/{name}", headers=headers, content=lambda: data)
        self._require(answer, "take a manifest")
        return answer

    def _list_referrer(self, access: Access, subject: str, manifest: Manifest) -> None:
        """List a referrer under the tag of the specification, for a registry that keeps no list of referrers."""
        tag = subject.replace(":", "-")
        found = access.send("GET", f"{self._base}/manifests/{tag}", headers={"accept": INDEX_TYPE})
        listed: list[dict[str, Any]] = list(found.json()["manifests"]) if found.is_success else []
        if not found.is_success and found.status_code != httpx2.codes.NOT_FOUND:
            self._require(found, "list statements")
        if any(item["digest"] == manifest.descriptor["digest"] for item in listed):
            return
        self._put_manifest(access, tag, INDEX_TYPE, index_of([*listed, manifest.descriptor]))

    def _require(self, answer: httpx2.Response, what: str) -> None:
        if answer.is_success:
            return
        if answer.status_code in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
            raise UnavailableError(
                f"the registry {self._host} does not let us {what} (status {answer.status_code})",
                hint="artifacts.username and artifacts.password in the settings say who we are there",
            )
        raise UnavailableError(f"the registry {self._host} would not {what}: status {answer.status_code}")

    @contextmanager
    def _session(self) -> Iterator[Access]:
        """Open a connection; faults on the way are said in words, never with what was sent."""
        try:
            with Access(self._registry.url, self._registry.username, self._registry.password, self._tls()) as access:
                yield access
        except (httpx2.HTTPError, OSError) as fault:
            raise UnavailableError(
                f"the registry {self._host} does not answer ({type(fault).__name__})",
                hint="nothing was released or started; try again when it does",
            ) from fault
        except (ValueError, KeyError, TypeError) as fault:
            raise UnavailableError(f"the registry {self._host} answers nonsense") from fault

    def _tls(self) -> ssl.SSLContext | bool:
        ca_file = self._registry.ca_file
        return ssl.create_default_context(cafile=str(ca_file)) if ca_file is not None else True
