"""How long a plane uses a credential, what takes it away, and what does not."""

import pytest

from bailiwick.core.errors import BailiwickError, ForbiddenError, UnavailableError
from bailiwick.core.messages import SecretValue
from bailiwick.dataplane.credentials import Credentials

pytestmark = pytest.mark.req("VA4", "SE1", "SE2")


class ControlPlane:
    """Answers with what it holds, or with what is wrong."""

    def __init__(self) -> None:
        self.now = 0.0
        self.value = "first-password-1"
        self.fault: BailiwickError | None = None
        self.asked = 0
        self.version = 1

    async def secret(self, name: str) -> SecretValue:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return SecretValue(name=name, value=self.value, version=self.version)


@pytest.fixture
def control() -> ControlPlane:
    return ControlPlane()


@pytest.fixture
def credentials(control: ControlPlane) -> Credentials:
    return Credentials(control.secret, clock=lambda: control.now)


async def test_another_value_is_used_within_a_minute_and_both_are_masked(
    control: ControlPlane, credentials: Credentials
) -> None:
    assert [await credentials.get("db"), await credentials.get("db")] == ["first-password-1"] * 2
    assert control.asked == 1
    control.value, control.now = "second-password-2", 61
    assert await credentials.get("db") == "second-password-2"
    assert credentials.masker.mask("first-password-1, then second-password-2") == "•••, then •••"
    assert "password" not in repr(credentials)


@pytest.mark.parametrize(
    "fault", [UnavailableError("the control plane does not answer"), BailiwickError("internal fault")]
)
async def test_a_control_plane_that_is_away_or_unwell_takes_nothing_away(
    control: ControlPlane, credentials: Credentials, fault: BailiwickError
) -> None:
    await credentials.get("db")
    control.fault, control.now = fault, 3600
    assert await credentials.get("db") == "first-password-1"
    with pytest.raises(BailiwickError):
        await credentials.get("never-fetched")


def _of_the_vault(code: str) -> BailiwickError:
    fault = BailiwickError("the tenant's key was destroyed")
    fault.status, fault.code = 503, code
    return fault


@pytest.mark.parametrize(
    "fault",
    [
        _of_the_vault("vault.key-destroyed"),
        _of_the_vault("vault.key-unavailable"),
        ForbiddenError("no app of this plane uses it", deciders=("default-deny",)),
    ],
)
async def test_a_credential_ends_when_the_vault_opens_no_more_or_the_plane_may_not_have_it(
    control: ControlPlane, credentials: Credentials, fault: BailiwickError
) -> None:
    await credentials.get("db")
    control.fault, control.now = fault, 61
    with pytest.raises(BailiwickError, match=fault.message):
        await credentials.get("db")
    control.fault = UnavailableError("the control plane does not answer")
    with pytest.raises(UnavailableError):
        await credentials.get("db")


async def test_a_version_that_is_told_is_fetched_at_once_and_an_older_one_goes_on_while_nobody_answers(
    control: ControlPlane, credentials: Credentials
) -> None:
    await credentials.get("db")
    control.value, control.version = "second-password-2", 2
    assert await credentials.get("db") == "first-password-1"
    control.fault = UnavailableError("the control plane does not answer")
    credentials.hear({"db": 2})
    assert await credentials.get("db") == "first-password-1"
    control.fault = None
    assert [await credentials.get("db"), await credentials.get("db")] == ["second-password-2"] * 2
    assert control.asked == 3
