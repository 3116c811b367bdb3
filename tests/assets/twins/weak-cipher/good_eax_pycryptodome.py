import base64

from Crypto.Cipher import AES


class Vault:
    def __init__(self, key: bytes) -> None:
        self.key = key

    def put(self, text: str) -> str:
        cipher = AES.new(self.key, AES.MODE_EAX)
        data, tag = cipher.encrypt_and_digest(text.encode())
        return base64.b64encode(cipher.nonce + tag + data).decode()
