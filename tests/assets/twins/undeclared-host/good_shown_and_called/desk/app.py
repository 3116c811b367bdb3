DOCS_URL = "https://api.other.example"


def app():
    return {"docs": DOCS_URL, "text": "see https://api.other.example"}
