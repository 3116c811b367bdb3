import requests


class Rates:
    base = "https://api.rates.example"

    def get(self):
        return requests.get(self.base)


app = Rates()
