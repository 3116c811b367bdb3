from Cryptodome.Cipher import DES3


def encrypt_card(key: bytes, iv: bytes, card: bytes) -> bytes:
    return DES3.new(key, DES3.MODE_CBC, iv).encrypt(card)  # FINDING
