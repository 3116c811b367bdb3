import hashlib


class Signer:
    def __init__(self) -> None:
        self.algorithm = "sha1"

    def sign(self, body: bytes) -> str:
        return hashlib.new(self.algorithm, body).hexdigest()  # FINDING
