"""Credentials of services are rotated while an app calls: control plane and gateway, side by side."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.rotations import CertificateSource, OAuthClientSource, State
from bailiwick.core.messages import ClientCredentials, NoCredential, SecretValue, ServiceConnection
from tests.control.exporters.certificates import Certificates
from tests.dataplane.gateways.services.conftest import House
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.mutual_tls import mutual_service
from tests.fixtures.registrations import CLIENT, FIRST_SECRET, FIRST_TOKEN, Registrations, registrations
from tests.fixtures.rotated import declare, put, rotate, shown, value
from tests.fixtures.waiting import until

pytestmark = pytest.mark.req("SE2", "IN1", "IN2")


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def server() -> Iterator[Registrations]:
    with registrations() as made:
        yield made


@pytest.fixture
def more_settings(server: Registrations) -> dict[str, Any]:
    known = {"configuration_url": f"{server.url}/register/{{client}}", "token_url": f"{server.url}/token"}
    return {"secret_rotation": {"authorization_servers": {"login": known}}}


@pytest.fixture
def together(house: House, company: Company) -> House:
    """The gateway, which fetches from the vault of the company."""

    async def fetch(name: str) -> SecretValue:
        with company.control.store.transaction() as session:
            held = company.control.vault.held(session, name)
        return SecretValue(name=name, value=held.value, version=held.version)

    house.gateway.credentials._secrets._fetch = fetch
    return house


@contextmanager
def calling(house: House, target: str) -> Iterator[list[int]]:
    """Call without a pause while the block runs; the statuses are in the list."""
    found: list[int] = []
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            found.append(house.call("GET", target).status_code)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: len(found) > 4)
    yield found
    after = len(found)
    until(lambda: len(found) > after + 4)
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("old_works", [True, False], ids=["two-at-a-time", "switched-at-once"])
def test_no_call_is_dropped_when_a_client_gets_another_secret(
    together: House, company: Company, server: Registrations, clock: MovingClock, old_works: bool
) -> None:
    server.old_works, server.seconds = old_works, 1  # a token is good for a second: many are asked for
    put(company, "crm-client", FIRST_SECRET)
    put(company, "crm-registration", FIRST_TOKEN)
    source = {"kind": "oauth-client", "server": "login", "client": CLIENT, "registration": "crm-registration"}
    declare(company, OAuthClientSource.model_validate(source | {"old_works": old_works}), "crm-client")
    together.crm.introspect = lambda token: token in server.tokens
    credential = ClientCredentials(
        kind="client-credentials", token_url=f"{server.url}/token", client=CLIENT, secret="crm-client"
    )
    together.connection = ServiceConnection(kind="http", url=f"{together.crm.url}/api", credential=credential)
    with calling(together, "/contacts/17") as statuses:
        for time in range(3):
            given = set(server.tokens)
            rotate(company, "crm-client")
            company.control.rotation_keeper.keep()
            if not old_works and not time:
                server.tokens -= given  # with the old secret, what was given for it may end, too
            asked = server.asked.count("token")
            until(lambda asked=asked: server.asked.count("token") > asked)  # type: ignore[misc]
            if old_works:
                server.old_secrets.clear()
                clock.move(minutes=61)
                company.control.rotation_keeper.keep()
            assert shown(company, "crm-client")[1][0].state is State.DONE
    assert set(statuses) == {200}
    assert shown(company, "crm-client")[0].version == 4


def test_no_call_is_dropped_when_a_service_is_shown_another_certificate(
    together: House, company: Company, clock: MovingClock, tmp_path: Path
) -> None:
    authority = company.control.client_authority
    with mutual_service(Certificates(tmp_path / "own"), authority.certificate(), authority.revocations) as service:
        source = {"kind": "certificate", "subject": "crm", "tried_at": service.url, "authority": service.trusts}
        declare(company, CertificateSource.model_validate(source), "crm-certificate", grace_minutes=0)
        together.connection = ServiceConnection(
            kind="http", url=f"{service.url}/api", authority=service.trusts, client_certificate="crm-certificate",
            credential=NoCredential(), timeout_seconds=20,
        )  # fmt: skip
        with calling(together, "/contacts/17") as statuses:
            first = value(company, "crm-certificate")
            rotate(company, "crm-certificate")
            company.control.rotation_keeper.keep()
            together.gateway.credentials._secrets.hear({"crm-certificate": 2})
            clock.move(minutes=3)
            company.control.rotation_keeper.keep()
            assert shown(company, "crm-certificate")[1][0].state is State.DONE
            assert value(company, "crm-certificate") != first
    assert set(statuses) == {200}
    assert len(set(service.shown)) == 2
