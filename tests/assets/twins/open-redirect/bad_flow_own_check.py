from urllib.parse import urlparse

from flask import Flask, redirect, request

app = Flask(__name__)


def is_safe(target):
    return urlparse(target).scheme in ("http", "https")


@app.route("/login", methods=["POST"])
def login():
    target = request.args.get("next")
    if target and is_safe(target):
        return redirect(target)  # FINDING
    return redirect("/")
