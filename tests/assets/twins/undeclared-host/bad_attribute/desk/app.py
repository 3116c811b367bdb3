import requests


class Rates:
    base = "https://api.other.example"  # FINDING

    def get(self):
        return requests.get(self.base)


app = Rates()
