import desk


def app(name):
    return f"https://{name}.rates.example"
