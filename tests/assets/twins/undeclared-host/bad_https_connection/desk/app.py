import http.client


def app():
    return http.client.HTTPSConnection("api.other.example")  # FINDING
