import random


class KeyService:
    def __init__(self) -> None:
        self.generator = random.SystemRandom()

    def new_api_key(self) -> str:
        return "%032x" % self.generator.getrandbits(128)
