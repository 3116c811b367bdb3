"""Whoever may hold the company's key: each wraps and unwraps, and says what is wrong when it cannot."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from bailiwick.control.vault import (
    KeyOptions,
    KeyProvider,
    KeyUnavailableError,
    LocalFileKeyProvider,
    Wrapped,
    open_keys,
)
from bailiwick.control.vault.keys.aws_kms import AwsKmsKeyProvider
from bailiwick.control.vault.keys.options import LocalFileOptions
from bailiwick.control.vault.keys.pkcs11 import Pkcs11KeyProvider
from bailiwick.control.vault.keys.transit import TransitKeyProvider
from tests.fixtures.kms import Kms
from tests.fixtures.softhsm import MODULE, PIN, Hsm
from tests.fixtures.transit import Transit

pytestmark = pytest.mark.req("VA4")
KEY = os.urandom(32)
KINDS = ["local-file", "pkcs11", "aws-kms", "transit"]


@pytest.fixture(params=KINDS)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    if request.param == "local-file":
        return LocalFileKeyProvider(tmp_path / "key")
    if request.param == "pkcs11":
        return Pkcs11KeyProvider(request.getfixturevalue("hsm").options())
    if request.param == "aws-kms":
        kms: Kms = request.getfixturevalue("kms")
        kms.new_key(f"alias/{tmp_path.name}")
        return AwsKmsKeyProvider(kms.options(f"alias/{tmp_path.name}"))
    return TransitKeyProvider(request.getfixturevalue("transit").options())


def test_a_key_comes_back_as_it_was_and_stands_in_nothing_that_is_stored(provider: KeyProvider) -> None:
    wrapped = provider.wrap(KEY, "acme")
    assert wrapped.kek_id.startswith(f"{provider.kind}:")
    assert provider.unwrap(wrapped, "acme") == KEY
    assert KEY not in wrapped.blob
    assert str(wrapped.blob) not in repr(wrapped)


def test_what_an_older_key_wrapped_still_opens_after_a_rotation(provider: KeyProvider) -> None:
    wrapped = provider.wrap(KEY, "acme")
    again = provider.rotate()
    assert provider.present() == again
    assert provider.unwrap(wrapped, "acme") == KEY
    assert provider.unwrap(provider.wrap(KEY, "acme"), "acme") == KEY
    if provider.kind != "aws-kms":  # KMS keeps its versions to itself
        assert wrapped.kek_id != again == provider.wrap(KEY, "acme").kek_id


def test_what_was_changed_does_not_open(provider: KeyProvider) -> None:
    wrapped = provider.wrap(KEY, "acme")
    spoiled = wrapped.blob[:-3] + (b"AAA" if wrapped.blob[-3:] != b"AAA" else b"BBB")
    with pytest.raises(KeyUnavailableError):
        provider.unwrap(Wrapped(wrapped.kek_id, spoiled), "acme")


def test_nothing_opens_once_the_companys_key_is_destroyed(provider: KeyProvider) -> None:
    wrapped = provider.wrap(KEY, "acme")
    assert provider.destroy()
    if provider.kind != "aws-kms":  # moto's server decrypts with disabled keys
        with pytest.raises(KeyUnavailableError):
            provider.unwrap(wrapped, "acme")
    else:
        with pytest.raises(KeyUnavailableError, match="disabled"):
            provider.wrap(KEY, "acme")


@pytest.mark.parametrize("provider", ["aws-kms", "transit"], indirect=True)
def test_a_key_that_is_put_beside_another_tenants_rows_does_not_open(provider: KeyProvider) -> None:
    wrapped = provider.wrap(KEY, "acme")
    with pytest.raises(KeyUnavailableError, match=r"another tenant|changed"):
        provider.unwrap(wrapped, "globex")


def test_the_hsm_gives_its_key_to_nobody(hsm: Hsm) -> None:
    import pkcs11

    provider = Pkcs11KeyProvider(hsm.options())
    provider.wrap(KEY, "acme")
    with (
        pkcs11.lib(str(MODULE)).get_token(token_label=hsm.token).open(user_pin=PIN) as session,
        pytest.raises(pkcs11.AttributeSensitive),
    ):
        _ = session.get_key(label=hsm.key)[pkcs11.Attribute.VALUE]


def test_a_key_that_is_destroyed_at_the_hsm_is_gone_at_the_next_use(hsm: Hsm) -> None:
    provider = Pkcs11KeyProvider(hsm.options())
    wrapped = provider.wrap(KEY, "acme")
    assert provider.unwrap(wrapped, "acme") == KEY
    hsm.delete_key()
    with pytest.raises(KeyUnavailableError, match="was destroyed") as caught:
        provider.unwrap(wrapped, "acme")
    assert caught.value.hint


def test_a_key_that_is_made_after_another_was_destroyed_goes_by_another_name(hsm: Hsm) -> None:
    provider = Pkcs11KeyProvider(hsm.options())
    first = provider.wrap(KEY, "acme")
    hsm.delete_key()
    with pytest.raises(KeyUnavailableError, match="holds no key"):
        provider.present()
    assert provider.wrap(KEY, "acme").kek_id != first.kek_id
    with pytest.raises(KeyUnavailableError, match="was destroyed"):
        provider.unwrap(first, "acme")


def _pkcs11_fault(hsm: Hsm, what: str) -> Pkcs11KeyProvider:
    if what == "pin":
        hsm.pin.write_text("wrong-pin-99")
    if what == "no pin":
        hsm.pin.unlink()
    more = {"token": {"token": "nobody"}, "module": {"module": "/nowhere/module.so"}}.get(what, {})
    return Pkcs11KeyProvider(hsm.options(**more))


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("pin", "refuses the PIN"),
        ("no pin", "holds no secret"),
        ("token", "is not there"),
        ("module", "cannot be loaded"),
    ],
)
def test_what_is_wrong_with_an_hsm_is_said_without_the_pin(hsm: Hsm, what: str, words: str) -> None:
    provider = _pkcs11_fault(hsm, what)
    with pytest.raises(KeyUnavailableError, match=words) as caught:
        provider.present()
    assert caught.value.hint
    for told in (repr(caught.value), str(caught.value.problem()), repr(provider)):
        assert PIN not in told
        assert "wrong-pin-99" not in told
    assert caught.value.__cause__ is None


def test_a_refused_pin_is_not_tried_again_so_that_the_token_does_not_lock(hsm: Hsm) -> None:
    import pkcs11

    def token() -> pkcs11.Token:
        return pkcs11.lib(str(MODULE)).get_token(token_label=hsm.token)

    provider = Pkcs11KeyProvider(hsm.options())
    provider.wrap(KEY, "acme")
    hsm.pin.write_text("wrong-pin-99")
    with pytest.raises(KeyUnavailableError, match="refuses the PIN"):
        provider.present()
    assert pkcs11.TokenFlag.USER_PIN_COUNT_LOW in token().flags
    token().open(user_pin=PIN).close()  # which clears the token's count
    for _ in range(20):
        with pytest.raises(KeyUnavailableError, match="refuses the PIN"):
            provider.present()
    assert pkcs11.TokenFlag.USER_PIN_COUNT_LOW not in token().flags
    hsm.pin.write_text(PIN)
    assert provider.present()


def test_credentials_of_a_kms_are_in_no_error(kms: Kms) -> None:
    kms.new_key("alias/faults")
    provider = AwsKmsKeyProvider(kms.options("alias/faults"))
    wrapped = provider.wrap(KEY, "acme")
    kms.client.disable_key(KeyId=wrapped.kek_id.rpartition("/")[2])
    with pytest.raises(KeyUnavailableError, match="is disabled") as caught:
        provider.wrap(KEY, "acme")
    assert "EXAMPLEKEY" not in repr(caught.value) + repr(provider) + str(caught.value.problem())
    with pytest.raises(KeyUnavailableError, match="is not there"):
        AwsKmsKeyProvider(kms.options("alias/nothing")).present()
    away = kms.options("alias/faults").model_copy(update={"endpoint": "http://127.0.0.1:9"})
    with pytest.raises(KeyUnavailableError, match="cannot be asked"):
        AwsKmsKeyProvider(away).present()


def test_the_alias_of_a_kms_says_which_key_wraps(kms: Kms) -> None:
    first = kms.new_key("alias/moving")
    provider = AwsKmsKeyProvider(kms.options("alias/moving"))
    wrapped = provider.wrap(KEY, "acme")
    second = kms.new_key("alias/moving")
    assert (wrapped.kek_id, provider.present()) == (f"aws-kms:{first}", f"aws-kms:{second}")
    assert provider.unwrap(wrapped, "acme") == KEY


def _seal(transit: Transit) -> None:
    transit.sealed = True


def _forget_token(transit: Transit) -> None:
    transit.tokens.clear()


def _forbid(transit: Transit) -> None:
    transit.tokens = dict.fromkeys(transit.tokens, "keys/bailiwick")


def _delete(transit: Transit) -> None:
    transit.keys.clear()


def _retire(transit: Transit) -> None:
    transit.least = 2


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (_seal, "sealed or down"),
        (_forget_token, "may not use"),
        (_forbid, "may not use"),
        (_delete, "does not open this"),
        (_retire, "does not open this"),
    ],
)
def test_what_is_wrong_with_a_transit_engine_is_said_without_the_token(
    transit: Transit, happens: Callable[[Transit], None], words: str
) -> None:
    provider = TransitKeyProvider(transit.options())
    wrapped = provider.wrap(KEY, "acme")
    happens(transit)
    with pytest.raises(KeyUnavailableError, match=words) as caught:
        provider.unwrap(wrapped, "acme")
    assert caught.value.hint
    assert "s.all-of-it" not in repr(caught.value) + str(caught.value.problem()) + repr(provider)
    assert not any("s.all-of-it" in line for line in transit.asked)


def test_a_token_that_may_only_use_the_key_neither_rotates_nor_destroys_it(transit: Transit) -> None:
    provider = TransitKeyProvider(transit.options("s.uses-it"))
    assert provider.unwrap(provider.wrap(KEY, "acme"), "acme") == KEY
    with pytest.raises(KeyUnavailableError, match="may not use"):
        provider.rotate()
    with pytest.raises(KeyUnavailableError, match="may not use"):
        provider.destroy()


def test_a_transit_engine_that_does_not_answer_is_said(transit: Transit) -> None:
    away = transit.options().model_copy(update={"address": "http://127.0.0.1:9"})
    with pytest.raises(KeyUnavailableError, match="does not answer"):
        TransitKeyProvider(away).present()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"present": {"provider": "pkcs11", "module": "/m.so", "token": "t", "pin": {"vault": "pin"}}},
            "cannot be in it",
        ),
        ({"present": {"provider": "pkcs11", "module": "/m.so", "token": "t", "pin": "1234"}}, "pin"),
        ({"present": {"provider": "transit", "address": "http://vault.example", "token": {"env": "T"}}}, "https"),
        (
            {"present": {"provider": "transit", "address": "https://a:b@v.example", "token": {"env": "T"}}},
            "credentials",
        ),
        ({"present": {"provider": "floppy"}}, "floppy"),
        ({"cache_seconds": -1}, "cache_seconds"),
    ],
)
def test_settings_that_would_leak_or_mean_nothing_are_refused(keys: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        KeyOptions.model_validate(keys)


def test_a_missing_library_is_said() -> None:
    script = (
        "import sys; sys.modules['hvac'] = None\n"
        "from bailiwick.control.vault import KeyUnavailableError\n"
        "from bailiwick.control.vault.keys.options import TransitOptions\n"
        "from bailiwick.control.vault.keys.transit import TransitKeyProvider\n"
        "where = {'address': 'http://127.0.0.1:9', 'token': {'env': 'T'}}\n"
        "try: TransitKeyProvider(TransitOptions.model_validate({'provider': 'transit', **where})).present()\n"
        "except KeyUnavailableError as fault: print(fault.message, fault.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == 'hvac is not installed pip install "bailiwick[transit]"\n'


def test_a_ring_opens_what_the_provider_before_wrapped_and_says_what_is_missing(tmp_path: Path, hsm: Hsm) -> None:
    file = LocalFileOptions()
    before = open_keys(KeyOptions(present=file), tmp_path).wrap(KEY, "acme")
    both = open_keys(KeyOptions(present=hsm.options(), previous=file), tmp_path)
    assert both.unwrap(before, "acme") == KEY
    assert both.wrap(KEY, "acme").kek_id.startswith(f"pkcs11:{hsm.key}/1-")
    with pytest.raises(KeyUnavailableError, match=r"vault_keys\.present is pkcs11") as caught:
        open_keys(KeyOptions(present=hsm.options()), tmp_path).unwrap(before, "acme")
    assert "vault_keys.previous" in caught.value.hint


def test_a_file_that_is_not_there_any_more_is_never_made_as_the_provider_before(tmp_path: Path, hsm: Hsm) -> None:
    ring = open_keys(KeyOptions(present=hsm.options(), previous=LocalFileOptions()), tmp_path)
    assert ring.unwrap(ring.wrap(KEY, "acme"), "acme") == KEY
    with pytest.raises(KeyUnavailableError, match="is gone"):
        ring.unwrap(Wrapped("local-file:0123456789abcdef", bytes(40)), "acme")
    assert not (tmp_path / "vault.key").exists()


def test_a_rotation_of_a_file_that_was_broken_off_is_finished_by_the_next(tmp_path: Path) -> None:
    provider = LocalFileKeyProvider(tmp_path / "vault.key")
    before = provider.wrap(KEY, "acme")
    begun = provider.rotate()  # and then the process was killed
    after = LocalFileKeyProvider(tmp_path / "vault.key")
    assert after.unwrap(before, "acme") == KEY
    assert after.rotate() == begun
    wrapped = after.wrap(after.unwrap(before, "acme"), "acme")
    after.settle()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vault.key"]
    assert LocalFileKeyProvider(tmp_path / "vault.key").unwrap(wrapped, "acme") == KEY
    with pytest.raises(KeyUnavailableError):
        after.unwrap(before, "acme")
    # Another process, which read the file before, finds the new one by itself.
    assert provider.unwrap(wrapped, "acme") == KEY
