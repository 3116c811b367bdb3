"""Canaries are planted as the secrets of systems, and an app, its users and its builder try to have them written.

Then everything that was written is searched. A decoy that the vault does not know goes the same ways: it must be found
in each of these places, or a search there would prove nothing.

| place | what is looked at | the decoy |
|---|---|---|
| between app and gateway | every byte of answers of services, a model, a database, mail; environment | never there |
| answer of the router | to a request that an app failed in | never there |
| answer to a person | problems of the API | never there |
| answer to a push | what git shows of a refusal | never there |
| prompt to a model | what reached the model's server, of apps and of reviews | found |
| file of the plane | spool and journal, databases, artefacts, keys | found |
| from control to plane | the desired state, as it is on the wire inside TLS | never there |
| from plane to control | reports, as they are on the wire inside TLS | found |
| table | every cell of every table of the control plane: text, JSON, bytes | found |
| file of the control plane | its state folder | never there |
| git | what refs of repositories lead to | found |
| page, API | sixty pages of the console; audit, secrets, integrations and the export over the API | found |
| export | what the exporter wrote | found |
| log | lines and tracebacks of the control plane's log | found |
| metrics | of the control plane | never there |
"""

import asyncio
import hmac
import io
import json
import logging
import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import psycopg
import pytest
from starlette.testclient import TestClient

from bailiwick.control.identity import API_AUDIENCE, Claims
from bailiwick.control.inference import Gateway, InferenceService, ModelClient, ModelError, Question, Route, Wire
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import BailiwickError
from bailiwick.core.grants import ColumnGrant, DataGrant, MailGrant, Operation, RequestGrant, TableGrant
from bailiwick.core.masked_logging import MaskingFormatter
from bailiwick.core.masking import Masker
from bailiwick.core.messages import (
    BasicPassword,
    BearerToken,
    ClientCredentials,
    DatabaseConnection,
    IntegrationState,
    MailConnection,
    SecretValue,
    ServiceConnection,
    Webhook,
)
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.gateways.withholding import Withheld
from bailiwick.faces.console.sessions import COOKIE
from bailiwick.faces.server import Faces
from bailiwick.store.embedded import EmbeddedPostgres
from tests.canaries.searching import Search, cells, files, objects
from tests.fixtures.company import Company
from tests.fixtures.echoing import Echo, echo, echoing_mail, every_form
from tests.fixtures.model_gateway import model
from tests.fixtures.plane import MANIFEST, PlaneHouse
from tests.fixtures.rotated import put
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.req("SE1", "AI1"), pytest.mark.timeout(180)]
APP_CODE = Path(__file__).with_name("app.py").read_text()
DECOY = "decoy"
# Each has what JSON, URLs, HTML and base64 write in their own way; a client's is one word, as error codes are.
SHAPES = {
    "database": 'cnry-{}/+"<&%',
    "bearer": 'cnry-{}/+"<&%',
    "client": "cnry_{}",
    "model": 'sk-cnry-{}+/="',
    "mail": "cnry {} & more",
    "webhook": "cnry-{}\\n/+",
    "never-fetched": 'cnry-{}/+"<&%',
    DECOY: 'cnry-{}/+"<&%',
}
FETCHED = frozenset(SHAPES) - {DECOY, "never-fetched"}
WITH_ALL = f"""{MANIFEST}
[models.default]
use = "support-model"
"""
ROLE = "canaries"
# Where the decoy must be found, which goes through the same doors and is masked by nobody.
FOUND_UNMASKED = frozenset(
    {"prompt to a model", "file of the plane", "from plane to control", "table", "git", "page", "API", "export", "log"}
)
# What else is searched: answers on their way to apps and people, and what holds none of what anybody wrote.
PLACES = FOUND_UNMASKED | {
    "between app and gateway", "answer of the router", "answer to a person", "answer to a push", "metrics",
    "from control to plane", "file of the control plane",
}  # fmt: skip


@dataclass
class World:
    """The control plane, a plane, the systems behind it, and the values."""

    company: Company
    house: PlaneHouse
    system: Echo
    mail_port: int
    mail_shown: set[str]
    archive: Path
    values: dict[str, str] = field(
        default_factory=lambda: {name: shape.format(secrets.token_hex(8)) for name, shape in SHAPES.items()}
    )

    @property
    def planted(self) -> dict[str, str]:
        return {name: value for name, value in self.values.items() if name != DECOY}

    def lines(self) -> list[str]:
        """Return what the app has written last, such as why it failed."""
        served = self.house.plane._host._served[("finance/desk", "production")].instance
        return list(served.logs)[-60:] if served is not None else []

    async def ask(self, path: str, body: Any = None, *, anybody: bool = False, **more: str) -> httpx2.Response:
        """Ask the app as its user, or without showing who that is."""
        name = "user:user@example.com"
        identity = Identity(Principal.parse(name), frozenset({name}), {"region": "EMEA"}, 0)
        token = issue_pass(
            Pass(identity, "finance/desk", "production", "s", utc_now() + timedelta(minutes=5)), self.house.keys.passes
        )
        headers = {"host": "desk-production.apps.localhost", "accept": "text/html", **more}
        headers |= {} if anybody else {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(timeout=120) as client:
            url = f"http://127.0.0.1:{self.house.port}{path}"
            return await client.post(url, content=json.dumps(body).encode(), headers=headers)

    async def deliver(self, body: bytes, secret: str, **headers: str) -> int:
        """Post what a system sends by itself."""
        signed = {"x-hub-signature-256": "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()}
        host = {"host": "desk-production.apps.localhost", "content-type": "application/json"}
        async with httpx2.AsyncClient(timeout=60) as client:
            url = f"http://127.0.0.1:{self.house.port}/.bailiwick/webhooks/crm/changes"
            return (await client.post(url, content=body, headers={**host, **signed, **headers})).status_code


@pytest.fixture
def more_settings(tmp_path: Path) -> dict[str, Any]:
    exporter = {
        "name": "archive",
        "kind": "folder",
        "path": tmp_path / "archive",
        "format": "ocsf",
        "batch_seconds": 0.1,
    }
    return {"audit_exporters": [exporter]}


@pytest.fixture
def systems(house: PlaneHouse, company: Company, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        system = stack.enter_context(echo())
        mail_port, mail_shown = stack.enter_context(echoing_mail())
        world = World(company, house, system, mail_port, mail_shown, tmp_path / "archive")
        for name, value in world.planted.items():
            put(company, f"canary-{name}", value)
        postgres.create_database(ROLE)
        postgres.create_role(ROLE, world.values["database"])
        with psycopg.connect(postgres.url(ROLE), autocommit=True) as owner:
            owner.execute("DROP TABLE IF EXISTS orders")
            owner.execute("CREATE TABLE orders (id int, region text)")
            owner.execute("INSERT INTO orders VALUES (1, 'EMEA')")
            owner.execute(f"GRANT SELECT ON orders TO {ROLE}")

        async def fetch(name: str) -> SecretValue:
            def held() -> SecretValue:
                with company.control.store.transaction() as session:
                    found = company.control.vault.held(session, name)
                return SecretValue(name=name, value=found.value, version=found.version)

            return await asyncio.to_thread(held)

        house.plane._integrations._secrets._fetch = fetch
        house.plane._models._keys._fetch = lambda _: fetch("canary-model")
        house.models = (model(url=f"{system.url}/v1"),)
        yield world


def integrations(world: World, postgres: EmbeddedPostgres) -> tuple[IntegrationState, ...]:
    anything = tuple(
        RequestGrant(methods=frozenset({"GET", "POST"}), path=f"/{name}")
        for name in ("echo", "fail", "refuse", "forbid", "moved")
    )
    system = world.system.url

    def service(name: str, **connection: Any) -> IntegrationState:
        made = ServiceConnection.model_validate({"kind": "http", "url": f"{system}/api", **connection})
        grant = DataGrant(integration=name, tables=(), requests=anything)
        hooks = {"changes": "/hooks/changes"} if made.webhooks else {}
        return IntegrationState(name=name, resource=name, connection=made, grant=grant, roles={}, webhooks=hooks)

    def client(path: str) -> ClientCredentials:
        return ClientCredentials(
            kind="client-credentials", token_url=f"{system}{path}", client="us", secret="canary-client", shown="body"
        )

    table = TableGrant(
        relation="orders",
        operations=frozenset({Operation.SELECT}),
        columns=(ColumnGrant(name="id"), ColumnGrant(name="region")),
    )
    database = DatabaseConnection(
        host=str(postgres.socket_directory),
        port=postgres.tcp_port or 5432,
        database=ROLE,
        user=ROLE,
        secret="canary-database",
    )
    mail = MailConnection(
        kind="smtp",
        host="127.0.0.1",
        port=world.mail_port,
        security="none",
        credential=BasicPassword(kind="basic", user="us", secret="canary-mail"),
    )
    sends = MailGrant(senders=("billing@example.com",), recipients=("*@example.com",))
    return (
        service(
            "crm",
            credential=BearerToken(kind="bearer", secret="canary-bearer"),
            webhooks={"changes": Webhook(scheme="github", secret="canary-webhook")},
        ),
        service("desk", credential=client("/token")),
        service("shut", credential=client("/token-refuse")),
        IntegrationState(
            name="orders",
            resource="orders-db",
            connection=database,
            grant=DataGrant(integration="orders-db", tables=(table,)),
            roles={},
        ),
        IntegrationState(
            name="post",
            resource="mail",
            connection=mail,
            grant=DataGrant(integration="mail", tables=(), mail=(sends,)),
            roles={},
        ),
    )


async def lived(world: World, postgres: EmbeddedPostgres, search: Search) -> None:
    """Have the app do all it can, and look at what it got to see of answers."""
    house, values = world.house, world.values
    state = house.release({"app.py": APP_CODE}, manifest=WITH_ALL, integrations=integrations(world, postgres))
    await house.until_running(state)
    looked = await world.ask("/look")
    assert looked.status_code == 200, "\n".join([looked.text, *world.lines()])
    seen = json.loads(looked.text)
    assert "[(" in seen["database"], seen["database"]
    for name, content in seen.items():
        search.look(f"between app and gateway:{name}", content)
    # Everything that was planted was shown to the system that it is for, or nothing was tried.
    assert {values["bearer"], values["client"], values["model"]} <= world.system.shown
    assert world.mail_shown == {values["mail"]}, seen["mail"]
    body = json.dumps({"said": [every_form(values[name]) for name in sorted(values)]}).encode()
    assert await world.deliver(body, values["webhook"], **{"x-github-delivery": values["bearer"][:20]}) == 200
    assert await world.deliver(body, values["bearer"]) == 401
    told = [values[name] for name in sorted({*FETCHED, DECOY})]
    assert (await world.ask("/write", told)).status_code == 200
    for value in told:
        typed = quote(value, safe="")
        for anybody in (False, True):
            more = {"user-agent": value, "referer": f"http://x.example/{typed}", "cookie": f"a={typed}"}
            answer = await world.ask(f"/typed/{typed}?token={typed}", value, anybody=anybody, **more)
            assert (answer.status_code == 200) is not anybody
    world.house.plane._gates.tell()
    raised = await world.ask("/raise", told)
    assert raised.status_code >= 500
    search.look("answer of the router", raised.text + str(raised.headers))
    with pytest.raises(AssertionError):
        assert (await world.ask("/end", told)).status_code == 200
    await house.until_status("failed", "running", state=state)
    house.plane._spool.flush()


def reported(world: World, search: Search) -> None:
    """Bring what the plane has to tell to the control plane, as it is on the wire."""
    for place, content in files(world.house.state, "file of the plane", without=frozenset({"apps", "storage"})):
        search.look(place, content)
    search.look("from control to plane", world.house.desired().model_dump_json())
    while (batch := world.house.plane._spool.next_batch()) is not None:
        search.look("from plane to control", batch.model_dump_json())
        done = world.company.control.planes.take_reports("production", batch)
        world.house.plane._spool.forget(done.sequence)


def written_by_people(world: World, search: Search) -> None:
    """Have people type the values wherever they may type something, and code hold them."""
    company, control = world.company, world.company.control
    admin, builder = company.people["admin"], company.people["builder"]
    for value in world.values.values():
        because = "because of " + ", ".join(every_form(value).values())
        control.integrations.set_enabled(admin, "orders-db", enabled=False, reason=because)
        control.integrations.set_enabled(admin, "orders-db", enabled=True, reason=because)
        for ask in (
            lambda words=value: control.rotations.rotate(builder, "canary-bearer", words),
            lambda words=value: control.rotations.rotate(admin, words, "why"),
            lambda words=value: control.rotations.rotate(admin, "canary-bearer", words),
        ):
            with pytest.raises(BailiwickError) as fault:
                ask()
            if value not in fault.value.message:  # whoever types a value where a name belongs is told what they typed
                search.look("answer to a person", json.dumps(fault.value.problem(), default=str))
    assert company.push("builder", message=f"because of {world.values[DECOY]}").accepted
    for name, value in world.planted.items():
        for form in ("plain", "base64, behind something", "hex") if name == "bearer" else ("plain",):
            written = every_form(value)[form]
            answer = company.push("builder", {"notes.py": f"NOTE = {written!r}\n"}, message=f"{name}: {written}")
            assert not answer.accepted, (name, form)
            search.look("answer to a push", "\n".join(answer.lines))
            company._git("reset", "--quiet", "--hard", "HEAD~1")


def reviewed(world: World, search: Search) -> None:
    """Have the control plane ask a model about code with the values in it, as its reviewers do."""
    control = world.company.control
    inference = InferenceService(
        {"reader": Route("reader", Wire.OPENAI_CHAT, "http://unused.example", "opal-4")},
        store=control.store,
        audit=control.audit,
        client=ModelClient(Gateway(world.system.url, lambda: "a-token")),
        masker=control.vault.masker,
        clock=utc_now,
    )
    code = "\n".join(f"VALUE = {form!r}" for value in world.values.values() for form in every_form(value).values())
    question = Question("Find what is wrong.", code, {"type": "object"})
    before = len(world.system.prompts)
    with suppress(ModelError):
        inference.ask("reader", question, purpose="review", app="finance/desk")
    assert len(world.system.prompts) == before + 1
    for prompt in world.system.prompts:
        search.look("prompt to a model", prompt)


def shown(world: World, search: Search) -> None:
    """Look at every page, list and export that there is."""
    control = world.company.control
    claims = Claims(
        "http://127.0.0.1:8401", "admin@example.com", "admin@example.com", "Admin", ("admin",), {"region": "EMEA"}
    )
    session = control.identity.sign_in(claims)
    token = control.identity.issue_token(
        world.company.people["admin"], audience=API_AUDIENCE, lifetime=timedelta(hours=1), purpose="t"
    ).secret
    with TestClient(Faces(control), base_url="http://127.0.0.1:8400", cookies={COOKIE: session.secret}) as browser:
        for path, content in crawled(browser):
            search.look(f"page:{path}", content)
        told = {"authorization": f"Bearer {token}"}
        for path in ("/api/v1/audit?limit=200", "/api/v1/audit/export", "/api/v1/secrets", "/api/v1/integrations"):
            answer = browser.get(path, headers=told)
            assert answer.status_code == 200, (path, answer.text)
            search.look(f"API:{path}", answer.content)
        search.look("metrics", browser.get("/metrics").text)


def crawled(browser: TestClient, most: int = 60) -> Iterator[tuple[str, bytes]]:
    """Yield the pages that links lead to from the first one."""
    waiting, known = ["/", "/apps/finance/desk", "/audit", "/secrets/canary-bearer"], set[str]()
    while waiting and len(known) < most:
        path = waiting.pop(0)
        if path in known:
            continue
        known.add(path)
        answer = browser.get(path)
        yield path, answer.content
        waiting += [
            link.replace("&amp;", "&") for link in re.findall(r'href="(/[^"#]*)', answer.text) if "/static/" not in link
        ]


def kept(world: World, search: Search) -> None:
    """Look at everything that the control plane keeps."""
    for place, content in cells(world.company):
        search.look(place, content)
    state = world.company.control.settings.state
    for place, content in files(state, "file of the control plane", without=frozenset({"repositories"})):
        search.look(place, content)
    for place, content in objects(state):
        search.look(place, content)


def exported(world: World, search: Search) -> None:
    """Have everything passed on to the company's own systems, and look at what they got."""
    world.archive.mkdir()
    (worker,) = world.company.control.exporters.workers()
    until(lambda: worker.step() > 0)
    worker.close()
    for place, content in files(world.archive, "export"):
        search.look(place, content)


@contextmanager
def logged(search: Search, masks: Iterable[Callable[[], Masker]]) -> Iterator[None]:
    """Look at what each process writes to its log while the block runs, by its own mask."""
    stream, hooks, root = io.StringIO(), (sys.excepthook, threading.excepthook), logging.getLogger()
    handlers = []
    for masker in masks:
        handlers.append(logging.StreamHandler(stream))
        handlers[-1].setFormatter(MaskingFormatter(logging.Formatter(), masker))
        root.addHandler(handlers[-1])
    yield
    for handler in handlers:
        root.removeHandler(handler)
    sys.excepthook, threading.excepthook = hooks
    search.look("log", stream.getvalue())


async def everything(world: World, postgres: EmbeddedPostgres, search: Search) -> None:
    """Have the values written by everybody, and look everywhere."""
    with logged(search, (lambda: world.company.control.vault.known.kept,)):
        await lived(world, postgres, search)
        for work in (reported, written_by_people, reviewed, shown, exported, kept):
            await asyncio.to_thread(work, world, search)
        for value in world.values.values():
            logging.getLogger("bailiwick.control").error("a fault with %s", every_form(value))


async def test_no_canary_is_found_anywhere_and_the_decoy_is(systems: World, postgres: EmbeddedPostgres) -> None:
    search = Search(systems.values)
    await everything(systems, postgres, search)
    leaked = sorted(item for item in search.found if item[1] != DECOY)
    print("HEXES", {place for place, name, form in search.found if "ex" in form or "EX" in form})
    assert set(search.looked) == PLACES
    assert leaked == []
    assert search.places(DECOY) == FOUND_UNMASKED


async def test_with_masking_switched_off_they_are_found(
    systems: World, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Masker, "mask", lambda _, text: text)
    monkeypatch.setattr(Masker, "finds", lambda *_: False)
    monkeypatch.setattr(Withheld, "whole", lambda _, value: value)
    monkeypatch.setattr(Withheld, "feed", lambda _, data: data)
    search = Search(systems.values)
    await everything(systems, postgres, search)
    found = {place.partition(":")[0] for place, name, _ in search.found if name != DECOY}
    assert found >= FOUND_UNMASKED - {"git"} | {"between app and gateway"}
    assert {name for _, name, _ in search.found} == set(systems.values)
