from flask import redirect

DOCS_URL = "https://api.other.example"


def app():
    return redirect("https://api.other.example/sign-in")
