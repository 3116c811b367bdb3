"""The console on a real server beside the development identity provider, with a company behind it."""

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import (
    Claims,
    IdentityService,
    NewSession,
    OidcClient,
    Providers,
    Resources,
    TokenService,
)
from bailiwick.control.sign_in import CALLBACK_PATH
from bailiwick.core.clock import utc_now
from bailiwick.demo.people import ROLE_RULES
from bailiwick.faces.console.sessions import COOKIE
from bailiwick.faces.server import Faces
from tests.fixtures.company import Company

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]  # fmt: skip
Open = Callable[..., Page]
_START_SECONDS = 30
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass(frozen=True)
class Addresses:
    """Where the console and the identity provider are."""

    console: str
    provider: str
    provider_key: Path

    @property
    def console_port(self) -> int:
        return int(self.console.rpartition(":")[2])


@dataclass
class Console:
    """A running console and the company behind it."""

    addresses: Addresses
    company: Company

    @property
    def url(self) -> str:
        return self.addresses.console

    def browser(self, session: NewSession | None = None) -> httpx2.Client:
        """Return the HTTP client of one browser: it keeps its cookies and follows nothing by itself."""
        cookies = {COOKIE: session.secret} if session else None
        return httpx2.Client(base_url=self.url, cookies=cookies, timeout=20)

    def signed_in(self, who: str) -> tuple[httpx2.Client, NewSession]:
        """Return the browser of somebody of the company, signed in, and their session."""
        email = f"{who}@example.com"
        claims = Claims(self.addresses.provider, email, email, who.title(), (who,), {"region": "EMEA"})
        session = self.company.control.identity.sign_in(claims)
        return self.browser(session), session


@pytest.fixture(scope="session")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    console, provider = _free_port(), _free_port()
    state = tmp_path_factory.mktemp("provider")
    found = Addresses(f"http://127.0.0.1:{console}", f"http://127.0.0.1:{provider}", state / "idp.pem")
    module = "bailiwick.demo.identity_provider"
    process = subprocess.Popen([sys.executable, "-m", module, str(provider), str(state), found.console + CALLBACK_PATH])
    _wait_for(f"{found.provider}/.well-known/openid-configuration")
    yield found
    process.terminate()
    process.wait(10)


@pytest.fixture
def console(company: Company, addresses: Addresses) -> Iterator[Console]:
    with serving(company, addresses) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def open_as(browser: Browser, console: Console) -> Iterator[Open]:
    """Return what opens a browser of somebody; faults of scripts and of policy fail the test at its end."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_as(who: str, **options: object) -> Page:
        context = browser.new_context(base_url=console.url, **{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        _, session = console.signed_in(who)
        context.add_cookies([{"name": COOKIE, "value": session.secret, "url": console.url}])
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda line: faults.append(line.text) if "policy" in line.text.lower() else None)
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert faults == []


class serving:  # noqa: N801 - reads as what it does: with serving(...)
    """The console of a company on its port, for the length of a block."""

    def __init__(self, company: Company, addresses: Addresses) -> None:
        control = company.control
        client = OidcClient(
            issuer=addresses.provider,
            client_id="bailiwick",
            client_secret=None,
            scopes=("openid", "profile", "email", "groups"),
            redirect_uri=addresses.console + CALLBACK_PATH,
            clock=utc_now,
            levels=("second-factor",),
        )
        identity = IdentityService(
            store=control.store,
            audit=AuditLog(utc_now),
            authorizer=control.authorizer,
            providers=Providers([client]),
            clock=utc_now,
            on_change=lambda: None,
        )
        identity.roles.apply_rules(ROLE_RULES)
        settings = control.settings.model_copy(update={"public_url": addresses.console})
        tokens = TokenService(
            control.store, AuditLog(utc_now), control.authorizer, Resources(addresses.console), utc_now
        )
        own_names = frozenset({addresses.console, f"{addresses.console}/oauth/token"})
        prover = replace(control.exchange.prover, audiences=own_names)
        exchange = replace(control.exchange, prover=prover)
        company.control = replace(control, settings=settings, identity=identity, tokens=tokens, exchange=exchange)
        self._console = Console(addresses, company)
        config = uvicorn.Config(
            Faces(company.control),
            host="127.0.0.1",
            port=addresses.console_port,
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()))

    def __enter__(self) -> Console:
        self._thread.start()
        _wait_for(f"{self._console.url}/healthz")
        return self._console

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


def csrf_token(page: str) -> str:
    """Return the token that a page's forms carry."""
    return re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]


def sign_in(browser: httpx2.Client, person: str, start: str = "/sign-in/start") -> httpx2.Response:
    """Sign a browser in by a click at the identity provider; return the answer to the callback."""
    return browser.get(provider_answer(browser, person, start))


def provider_answer(browser: httpx2.Client, person: str, start: str = "/sign-in/start") -> str:
    """Begin a sign-in and click; return where the identity provider would send this browser."""
    asked = browser.get(start).headers["location"]
    fields = {name: unescape(value) for name, value in _HIDDEN.findall(httpx2.get(asked).text)}
    login = asked.partition("/authorize")[0] + "/login"
    return httpx2.post(login, data={**fields, "login": person}).headers["location"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            if httpx2.get(url).status_code == httpx2.codes.OK:
                return
        except httpx2.HTTPError:
            pass
        if time.monotonic() > deadline:
            pytest.fail(f"{url} does not answer")
        time.sleep(0.02)
