import asyncio
import socket

import pytest

from bailiwick.dataplane.gateways.egress import AddressPolicy, Dialer
from bailiwick.dataplane.gateways.egress.dialing import UnreachableError
from tests.fixtures.egress import LOOPBACK, outside


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1",
     "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fd00::1", "fec0::1", "ff02::1",
     "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:93.184.215.14", "::10.0.0.1",
     "::93.184.215.14", "64:ff9b::10.0.0.1", "64:ff9b::93.184.215.14", "64:ff9b:1::1", "2002:0a00:0001::1",
     "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1", "nonsense", "", "0x7f.1", "2130706433"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not AddressPolicy().permits(address)


def test_public_and_named_networks_are_permitted() -> None:
    assert AddressPolicy().permits("93.184.215.14")
    assert AddressPolicy().permits("2606:2800:21f:cb07::1")
    assert AddressPolicy(["10.20.0.0/16"]).permits("10.20.3.4")
    assert AddressPolicy(["fd12::/16"]).permits("fd12::4")
    assert not AddressPolicy(["10.20.0.0/16"]).permits("10.21.3.4")
    assert not AddressPolicy(["fe80::/10"]).permits("fe80::1%eth0")


async def hang(_: str) -> list[str]:
    await asyncio.sleep(3600)
    return []


async def nothing(_: str) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    "found", [["93.184.215.14", "10.0.0.1"], ["127.0.0.1", "93.184.215.14"], []], ids=["mixed", "mixed too", "none"]
)
async def test_a_name_with_one_bad_address_among_good_ones_is_refused(found: list[str]) -> None:
    async def resolve(_: str) -> list[str]:
        return found

    with pytest.raises(UnreachableError, match="no address that may be reached"):
        await Dialer(AddressPolicy(), resolve).connect("mixed.example", 443)


async def test_a_name_that_changes_its_mind_is_looked_at_each_time() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def resolve(_: str) -> list[str]:
        return answers.pop(0)

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with outside(silent) as port:
        dialer = Dialer(LOOPBACK, resolve)
        (await dialer.connect("rebinds.example", port)).close()
        with pytest.raises(UnreachableError, match="no address that may be reached"):
            await dialer.connect("rebinds.example", port)


async def test_addresses_are_tried_in_turn() -> None:
    async def resolve(_: str) -> list[str]:
        return ["127.0.0.2", "::1", "127.0.0.1"]

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with outside(silent) as port:
        opened = await Dialer(LOOPBACK, resolve).connect("several.example", port)
        assert opened.getpeername()[0] == "127.0.0.1"
        opened.close()


async def test_a_name_that_nobody_knows_and_a_host_that_is_not_there_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from bailiwick.dataplane.gateways.egress import dialing

    with pytest.raises(UnreachableError, match="cannot be resolved"):
        await Dialer(LOOPBACK, nothing).connect("nobody.example", 443)
    monkeypatch.setattr(dialing, "_RESOLVE_SECONDS", 0.05)
    with pytest.raises(UnreachableError, match="cannot be resolved"):
        await Dialer(LOOPBACK, hang).connect("slow.example", 443)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(UnreachableError, match="does not answer"):
        await Dialer(LOOPBACK).connect("localhost", port)
