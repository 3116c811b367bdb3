"""Ciphers, keys, nonces and salts."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.naming import label
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls
from bailiwick.control.review.model import Finding

_BROKEN = re.compile(
    r"(?:Crypto|Cryptodome)\.Cipher\.(DES3?|ARC2|ARC4|Blowfish|XOR|CAST|IDEA|RC5)(?:\.new)?"
    r"|cryptography\.hazmat\.(?:primitives|decrepit)\.ciphers\.algorithms\.(ARC4|Blowfish|TripleDES|IDEA|SEED|CAST5|RC2)"
    r"|(?:pyDes|pydes)\.(des|triple_des)|(?:arc4|ARC4|rc4)\.(ARC4)"
)
_AES = re.compile(r"(?:Crypto|Cryptodome)\.Cipher\.\w+\.new")
_ECB_MODES = re.compile(r"cryptography\.hazmat\.primitives\.ciphers\.modes\.ECB")
_SMALL_CURVES = re.compile(r"(?i)(?:sec[pt]1[0-9]{2}[rk]\d|secp224|sect233|prime192|p-?192|brainpoolP1\d\d)\w*$")
_MADE_IN_BITS = re.compile(
    r"(?:Crypto|Cryptodome)\.PublicKey\.(?:RSA|DSA|ElGamal)\.generate|paramiko\.(?:RSAKey|DSSKey)\.generate|rsa\.newkeys"
)
_LEAST_RSA = 2048
_SALTED = frozenset({
    "pbkdf2_hmac", "PBKDF2HMAC", "PBKDF2", "scrypt", "Scrypt", "hashpw", "hash_secret", "hash_secret_raw", "kdf",
    "argon2id", "Argon2id",
})  # fmt: skip
_NONCED = frozenset({"AESGCM", "AESCCM", "ChaCha20Poly1305", "AESOCB3", "AESSIV", "AESGCMSIV", "SecretBox", "Aead"})
_DRAWN = frozenset({"os.urandom", "secrets.token_bytes", "Crypto.Random.get_random_bytes",
                    "Cryptodome.Random.get_random_bytes", "nacl.utils.random"})  # fmt: skip


def broken_cipher(view: View, call: ast.Call) -> Iterator[Finding]:
    """A cipher that is broken, or a mode that shows equal blocks."""
    name = view.name(call.func)
    match = _BROKEN.fullmatch(name)
    if match and (name.endswith(".new") or not name.startswith("Crypto")):
        yield view.finding("weak-cipher", call, f"{next(filter(None, match.groups()))} is broken")
    elif _ECB_MODES.fullmatch(name):
        yield view.finding("weak-cipher", call, "in ECB mode equal blocks stay equal, so the text shows through")
    elif _AES.fullmatch(name):
        mode = view.argument(call, 1, "mode")
        if (
            view.name(mode).endswith(".MODE_ECB")
            or (view.may_be(mode, 1) and not view.name(mode))
            or any(view.name(option).endswith(".MODE_ECB") for option in _choices(view, mode))
        ):
            yield view.finding("weak-cipher", call, "in ECB mode equal blocks stay equal, so the text shows through")


def _choices(view: View, node: ast.expr | None) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.Name):
        return [item for value in view.reaching(node) if value is not None for item in [value, *_choices(view, value)]]
    return []


def small_key(view: View, call: ast.Call) -> Iterator[Finding]:
    """A key that is found by trying."""
    name, last = view.name(call.func), view.last(call.func)
    size: ast.expr | None = None
    if (last == "generate_private_key" and ".dsa." in name) or last == "generate_parameters":
        size = view.argument(call, 0, "key_size") if ".dsa." in name else view.argument(call, 1, "key_size")
    elif last == "generate_private_key" and ".ec." in name:
        curve = view.argument(call, 0, "curve")
        shown = view.name(curve.func if isinstance(curve, ast.Call) else curve) or view.made_by(curve)
        if _SMALL_CURVES.search(shown):
            yield view.finding("weak-key", call, f"the curve {shown.rpartition('.')[2]} is too small")
        return
    elif last == "generate_private_key":
        size = view.argument(call, 1, "key_size")
    elif _MADE_IN_BITS.fullmatch(name):
        size = view.argument(call, 0, "bits", "nbits")
    elif re.fullmatch(r"(?:Crypto|Cryptodome)\.PublicKey\.ECC\.generate", name):
        texts = view.texts(view.argument(call, None, "curve"))
        if any(_SMALL_CURVES.search(text) for text in texts):
            yield view.finding("weak-key", call, f"the curve {texts[0]} is too small")
        return
    sizes = [value for value in view.values(size) if isinstance(value, int)] if size is not None else []
    if any(value < _LEAST_RSA for value in sizes):
        yield view.finding("weak-key", call, f"a key of {min(sizes)} bits is found by trying")


def fixed_nonce(view: View, call: ast.Call) -> Iterator[Finding]:
    """A nonce, initial vector or salt that is the same each time."""
    for what, node, key in _given(view, call):
        why = _fixed(view, node, key)
        if why:
            yield view.finding("fixed-nonce", call, f"the {what} {why}")
            return


def _given(view: View, call: ast.Call) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    """Yield what a call takes as nonce or salt, with the key beside it."""
    name, last = view.name(call.func), view.last(call.func)
    found: ast.expr | None = None
    if _AES.fullmatch(name):
        found = view.argument(call, 2, "iv", "IV", "nonce")
        if found is None:
            return
        yield "nonce", found, view.argument(call, 0, "key")
    elif re.fullmatch(r"cryptography\.hazmat\.primitives\.ciphers\.modes\.(?:CBC|GCM|CTR|CFB8?|OFB)", name):
        cipher = next(view.around(call), None)
        around = cipher.args[0] if isinstance(cipher, ast.Call) and cipher.args else None
        key = around.args[0] if isinstance(around, ast.Call) and around.args else None
        if len(call.args) + len(call.keywords):
            found = view.argument(call, 0, "initialization_vector", "nonce")
            if found is not None:
                yield "initial vector", found, key
    elif last == "encrypt" and isinstance(call.func, ast.Attribute):
        if view.made_by(call.func.value).rpartition(".")[2] in _NONCED:
            box = view.made_by(call.func.value).endswith("SecretBox")
            found = view.argument(call, 1, "nonce") if box else view.argument(call, 0, "nonce")
            if found is not None:
                yield "nonce", found, None
    elif last in _SALTED:
        places = {"pbkdf2_hmac": 2, "PBKDF2HMAC": 2, "PBKDF2": 1, "scrypt": 1, "Scrypt": 0, "hashpw": 1, "kdf": 2}
        found = view.argument(call, places.get(last), "salt")
        if found is not None and (
            last != "scrypt" or not name.startswith("hashlib.") or view.argument(call, None, "salt")
        ):
            yield "salt", found, None


def _fixed(view: View, node: ast.expr, key: ast.expr | None) -> str:
    """Say why a nonce is the same each time, or nothing when it need not be."""
    values = view.values(node)
    if values and all(value is not UNKNOWN and isinstance(value, bytes | str) and value for value in values):
        return "is fixed in the code"
    if _zeros(view, node):
        return "is all zeros"
    if key is not None and _cut_of(view, node, key):
        return "is cut from the key"
    if isinstance(node, ast.Name) and view.scope(node) is not view.tree and _drawn_once(view, node):
        return "is drawn once, when the module is imported"
    return ""


def _zeros(view: View, node: ast.expr) -> bool:
    for item in [node, *_choices(view, node)]:
        if isinstance(item, ast.Call) and view.name(item.func) in {"bytes", "bytearray"} and len(item.args) == 1:
            if all(isinstance(value, int) for value in view.values(item.args[0])):
                return True
        if (
            isinstance(item, ast.BinOp)
            and isinstance(item.op, ast.Mult)
            and any(
                isinstance(side, ast.Constant) and isinstance(side.value, bytes | str)
                for side in (item.left, item.right)
            )
        ):
            return True
        if (
            isinstance(item, ast.Call)
            and view.last(item.func) in {"encode", "ljust", "fromhex"}
            and _fixed_base(view, item)
        ):
            return True
    return False


def _fixed_base(view: View, call: ast.Call) -> bool:
    base = call.args[0] if view.last(call.func) == "fromhex" and call.args else getattr(call.func, "value", None)
    return isinstance(base, ast.expr) and bool(view.texts(base)) and UNKNOWN not in view.values(base)


def _cut_of(view: View, node: ast.expr, key: ast.expr) -> bool:
    for item in [node, *_choices(view, node)]:
        if isinstance(item, ast.Subscript) and isinstance(item.slice, ast.Slice) and label(item) == label(key) != "":
            return True
    return False


def _drawn_once(view: View, node: ast.Name) -> bool:
    function = view.function(node)
    if function is None or view.definitions.reaching(node.id, node):
        return False
    return any(
        isinstance(value, ast.Call) and view.name(value.func) in _DRAWN for value in view.everywhere(view.tree, node.id)
    )


WATCHES: tuple[Watch, ...] = (
    calls(broken_cipher),
    calls(small_key, "generate_private_key", "generate_parameters", "generate", "newkeys"),
    calls(fixed_nonce),
)
