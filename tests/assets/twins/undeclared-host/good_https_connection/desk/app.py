import http.client


def app():
    return http.client.HTTPSConnection("api.rates.example")
