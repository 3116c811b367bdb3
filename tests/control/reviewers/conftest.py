"""Reviewers over real HTTP, through a model gateway, to a provider of the test; on a real database."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from bailiwick.control.audit import AuditLog
from bailiwick.control.inference import REVIEWERS, Gateway, InferenceService, ModelClient, Route, Wire
from bailiwick.control.review import Change, Entry, Finding
from bailiwick.control.reviewers import Mode, Reading, Reviewer, ReviewerOptions, ReviewerService, Writers
from bailiwick.control.vault import LocalFileKeyProvider, Vault
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import utc_now
from bailiwick.core.principals import Identity, Principal
from bailiwick.store import Store
from tests.fixtures.model_gateway import ModelHouse, model, model_house
from tests.fixtures.model_provider import Provider, provider

KEY = "sk-the-key-of-the-provider"


@dataclass
class Panel:
    """Reviewers, the provider that they are asked at, and an app that they read."""

    store: Store
    folder: Path
    provider: Provider
    gateway: ModelHouse
    mode: Mode = Mode.REQUIRED
    models: tuple[str, ...] = ("nova-large", "grok-9")
    wire: Wire = Wire.OPENAI_CHAT
    tokens_per_day: int = 10_000_000
    seconds: float = 120.0
    timeout_seconds: float = 20.0
    away: str | None = ""
    waits: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return utc_now()

    @property
    def inference(self) -> InferenceService:
        audit = AuditLog(self.clock)
        vault = Vault(self.store, LocalFileKeyProvider(self.folder / "vault.key"), audit, self.clock)
        with self.store.transaction() as session:
            vault.put(session, "crm", "a-value-that-the-vault-knows", by="user:admin@example.com")
        family = "anthropic" if self.wire is Wire.ANTHROPIC else "openai"
        given = {"family": family, "url": self.provider.url, "open_to": frozenset({REVIEWERS})}
        self.gateway.keys = dict.fromkeys(self.models, KEY)
        self.gateway.tell(*(model(name, **given, model=name) for name in self.models))
        routes = {
            name: Route(
                name, self.wire, self.provider.url, name, None, self.timeout_seconds, self.tokens_per_day, 1_000
            )
            for name in self.models
        }
        reviewers = Identity.of_service(Principal.parse(REVIEWERS))
        url = self.gateway.url if self.away == "" else self.away
        gateway = None if url is None else Gateway(url, lambda: self.gateway.pass_of(reviewers))
        return InferenceService(
            routes,
            store=self.store,
            audit=audit,
            client=ModelClient(gateway, self.waits.append),
            masker=vault.masker,
            clock=self.clock,
        )

    @property
    def service(self) -> ReviewerService:
        chosen = tuple(Reviewer(model) for model in self.models)
        options = ReviewerOptions(self.mode, chosen, self.seconds)
        return ReviewerService(options, inference=self.inference, store=self.store, clock=self.clock)

    def read(
        self, files: dict[str, str], *, writers: Writers | None = None, known: tuple[Finding, ...] = (), tree: str = "t"
    ) -> tuple[Finding, ...]:
        tree_files = tuple(TreeFile(path, text.encode()) for path, text in files.items())
        entries = tuple(Entry(file.path.encode(), "100644", "blob", len(file.content)) for file in tree_files)
        change = Change(tree * 40, entries, tree_files)
        return self.service.object_to("finance/desk", change, before=list, writers=writers or Writers(), findings=known)

    def reading(self, tree: str = "t") -> Reading | None:
        with self.store.transaction() as session:
            return self.service.reading(session, "finance/desk", tree * 40)


@pytest.fixture
def panel(store: Store, tmp_path: Path) -> Iterator[Panel]:
    with provider() as made, model_house(tmp_path / "plane") as gateway:
        yield Panel(store, tmp_path, made, gateway)
