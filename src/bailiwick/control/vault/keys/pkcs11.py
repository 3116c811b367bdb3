"""The company's key in an HSM, by PKCS#11: keys never leave the token, which wraps by AES key wrap (RFC 3394).

Versions of the key share its label; their CKA_ID is a count and a few random bytes, so that a key that is made after
another was destroyed never goes by its name. Sign-ins to a token are of a whole process (PKCS#11 3.1,
section 5.6), so sessions are opened one after another, for one operation each: then an HSM that was restarted, or a key
that somebody destroyed, is noticed at the next one.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bailiwick.control.vault.errors import KeyUnavailableError
from bailiwick.control.vault.keys.credential import credential
from bailiwick.control.vault.keys.options import Pkcs11Options
from bailiwick.control.vault.keys.provider import Wrapped

if TYPE_CHECKING:
    from pkcs11 import SecretKey, Session

KIND = "pkcs11"
_ONE_AT_A_TIME = threading.Lock()
_BITS = 256
_COUNT_BYTES, _RANDOM_BYTES = 4, 4


class Pkcs11KeyProvider:
    """An AES-256 key on a token. It cannot bind a key to its tenant, whose id every ciphertext is bound to."""

    def __init__(self, options: Pkcs11Options) -> None:
        """Remember where the key is; nothing is asked of the token until a key is needed."""
        self._options = options
        self._salt = os.urandom(16)
        self._refused = b""

    def __repr__(self) -> str:
        return f"Pkcs11KeyProvider({self._options.token}, {self._options.key})"

    @property
    def kind(self) -> str:
        """What the settings call it."""
        return KIND

    def present(self) -> str:
        """Return the name of the newest version."""
        with self._session() as session:
            return self._newest(session)

    def wrap(self, key: bytes, tenant: str) -> Wrapped:  # noqa: ARG002 - key wrap binds to nothing
        """Return the key, wrapped. The first version of the company's key is made when there is none."""
        from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass  # noqa: PLC0415 - an optional dependency

        with self._session() as session:
            name = max(self._versions(session), key=_count, default="")
        name = name or self.rotate()
        with self._session() as session:
            company = self._found(session, name)
            passing = session.create_object(
                {
                    Attribute.CLASS: ObjectClass.SECRET_KEY,
                    Attribute.KEY_TYPE: KeyType.AES,
                    Attribute.VALUE: key,
                    Attribute.TOKEN: False,
                    Attribute.SENSITIVE: False,
                    Attribute.EXTRACTABLE: True,
                }
            )
            return Wrapped(name, company.wrap_key(passing, mechanism=Mechanism.AES_KEY_WRAP))  # type: ignore[attr-defined]

    def unwrap(self, wrapped: Wrapped, tenant: str) -> bytes:  # noqa: ARG002
        """Return the key."""
        from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass  # noqa: PLC0415

        with self._session() as session:
            passing = self._found(session, wrapped.kek_id).unwrap_key(  # type: ignore[attr-defined]
                ObjectClass.SECRET_KEY,
                KeyType.AES,
                wrapped.blob,
                mechanism=Mechanism.AES_KEY_WRAP,
                template={Attribute.TOKEN: False, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
            )
            return bytes(passing[Attribute.VALUE])

    def rotate(self) -> str:
        """Make the next version on the token."""
        from pkcs11 import Attribute, KeyType  # noqa: PLC0415

        with self._session(writing=True) as session:
            count = max(map(_count, self._versions(session)), default=0) + 1
            made = count.to_bytes(_COUNT_BYTES) + os.urandom(_RANDOM_BYTES)
            session.generate_key(
                KeyType.AES,
                _BITS,
                id=made,
                label=self._options.key,
                store=True,
                template={
                    Attribute.SENSITIVE: True,
                    Attribute.EXTRACTABLE: False,
                    Attribute.WRAP: True,
                    Attribute.UNWRAP: True,
                    Attribute.ENCRYPT: False,
                    Attribute.DECRYPT: False,
                },
            )
        return self._name(made)

    def settle(self) -> None:
        """Older versions stay on the token: backups that were made before need them."""

    def destroy(self) -> str:
        """Destroy every version on the token."""
        with self._session(writing=True) as session:
            found = list(self._versions(session).values())
            for key in found:
                key.destroy()
        return f"{len(found)} versions of the key '{self._options.key}' were destroyed on the token"

    def _name(self, key_id: bytes) -> str:
        count, random = key_id[:_COUNT_BYTES], key_id[_COUNT_BYTES:]
        return f"{KIND}:{self._options.key}/{int.from_bytes(count)}-{random.hex()}"

    def _versions(self, session: "Session") -> "dict[str, SecretKey]":
        from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415

        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._options.key}
        return {self._name(key[Attribute.ID]): key for key in session.get_objects(wanted)}  # type: ignore[misc]

    def _newest(self, session: "Session") -> str:
        found = max(self._versions(session), key=_count, default="")
        if not found:
            raise KeyUnavailableError(
                f"the token '{self._options.token}' holds no key '{self._options.key}' yet",
                hint="the first start, or bailiwick keys move, makes it; was there one, somebody destroyed it",
            )
        return found

    def _found(self, session: "Session", name: str) -> "SecretKey":
        found = self._versions(session).get(name)
        if found is None:
            raise KeyUnavailableError(
                f"the token '{self._options.token}' holds no key {name}: it was destroyed, or is another one's",
                hint="restore the token from its own backup; what this key wrapped opens with nothing else",
            )
        return found

    @contextmanager
    def _session(self, *, writing: bool = False) -> "Iterator[Session]":
        """Yield a session of its own, signed in; say what is wrong in words that hold no PIN."""
        try:
            import pkcs11  # noqa: PLC0415
        except ImportError:
            raise KeyUnavailableError(
                "python-pkcs11 is not installed", hint='install it: pip install "bailiwick[pkcs11]"'
            ) from None
        pin = credential(self._options.pin)
        marked = hashlib.blake2b(pin.get_secret_value().encode(), key=self._salt).digest()
        if marked == self._refused:  # tokens lock after a few tries, and whoever watches this process asks all the time
            raise self._explained("PinIncorrect")
        try:
            with _ONE_AT_A_TIME:
                token = pkcs11.lib(str(self._options.module)).get_token(token_label=self._options.token)
                with token.open(rw=writing, user_pin=pin.get_secret_value()) as session:
                    yield session
        except pkcs11.PKCS11Error as fault:
            if isinstance(fault, pkcs11.PinIncorrect):
                self._refused = marked
            raise self._explained(type(fault).__name__) from None

    def _explained(self, kind: str) -> KeyUnavailableError:
        where = f"the token '{self._options.token}'"
        match kind:
            case "PinIncorrect" | "PinInvalid" | "PinLenRange":
                return KeyUnavailableError(
                    f"{where} refuses the PIN",
                    hint="put the right one where vault_keys.present.pin says: this one is not tried again",
                )
            case "PinLocked" | "PinExpired" | "UserPinNotInitialized":
                return KeyUnavailableError(
                    f"the PIN of {where} is locked, expired or not set", hint="set it anew with the token's own tool"
                )
            case "NoSuchToken" | "TokenNotPresent" | "DeviceRemoved" | "SlotIDInvalid":
                return KeyUnavailableError(
                    f"{where} is not there", hint="is the HSM connected, and vault_keys.present.token right?"
                )
            case "PKCS11Error":
                return KeyUnavailableError(
                    f"the PKCS#11 module {self._options.module} cannot be loaded",
                    hint="is vault_keys.present.module right?",
                )
            case _:
                return KeyUnavailableError(
                    f"{where} could not do it ({kind})",
                    hint="what was wrapped was changed or by another key, or the HSM is out of order: see its own log",
                )


def _count(name: str) -> int:
    """Return which version a name is of: 3 for pkcs11:bailiwick/3-06f39a11."""
    return int(name.rpartition("/")[2].partition("-")[0])
