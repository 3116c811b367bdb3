"""The service gateway on a port of loopback, with a business system behind it that checks who calls."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from bailiwick.core.grants import DataGrant, FieldMask, Mask, RequestGrant
from bailiwick.core.messages import BearerToken, ServiceConnection
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.services import ServiceListener
from tests.fixtures.crm import CLIENT_SECRET, KEY, Crm, crm
from tests.fixtures.service_gateway import APP, EVE, TRACE, World, served

__all__ = ["APP", "EVE", "GRANTS", "TRACE", "House"]
GRANTS = (
    RequestGrant(
        methods=frozenset({"GET", "HEAD"}),
        path="/contacts/{id}",
        query=(),
        fields=(
            FieldMask(path="ssn"),
            FieldMask(path="owner.email", mask=Mask.EMAIL),
            FieldMask(path="cards.number", mask=Mask.LAST4),
        ),
    ),
    RequestGrant(
        methods=frozenset({"GET"}), path="/contacts", query=("page",), fields=(FieldMask(path="contacts.ssn"),)
    ),
    RequestGrant(methods=frozenset({"POST"}), path="/notes", body=("text",), headers=("x-note-kind",)),
    RequestGrant(methods=frozenset({"GET", "POST", "PUT"}), path="/open/**", headers=("x-amz-meta-note",)),
    *(
        RequestGrant(methods=frozenset({"GET"}), path=f"/{name}")
        for name in ("me", "echo", "moved", "packed", "half", "none", "garbage", "big", "slow", "chunks", "forbidden")
    ),
    RequestGrant(methods=frozenset({"GET"}), path="/pages", query=("page",), links=("next", "links.next")),
    RequestGrant(methods=frozenset({"POST", "PUT"}), path="/upload"),
    RequestGrant(methods=frozenset({"GET"}), path="/text", fields=(FieldMask(path="ssn"),)),
)


@dataclass
class House(World):
    """The gateway with the business system."""

    crm: Crm = field(kw_only=True)


@pytest.fixture
def system() -> Iterator[Crm]:
    with crm() as made:
        yield made


@pytest.fixture
def house(system: Crm) -> Iterator[House]:
    made = House({"crm-key": KEY, "crm-client": CLIENT_SECRET}, crm=system)
    made.connection = ServiceConnection(
        kind="http", url=f"{system.url}/api", credential=BearerToken(kind="bearer", secret="crm-key"), timeout_seconds=1
    )
    binding = Binding(
        app=APP, release="rel_1", tenant="default", plane="production", resource="crm", roles={},
        grant=DataGrant(integration="crm", tables=(), requests=GRANTS), name="contacts",
    )  # fmt: skip
    with served(made, binding, ServiceListener):
        yield made
