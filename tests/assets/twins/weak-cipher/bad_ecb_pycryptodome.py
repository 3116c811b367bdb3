import base64

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad


class Vault:
    def __init__(self, key: bytes) -> None:
        self.key = key

    def put(self, text: str) -> str:
        cipher = AES.new(self.key, AES.MODE_ECB)  # FINDING
        return base64.b64encode(cipher.encrypt(pad(text.encode(), AES.block_size))).decode()
