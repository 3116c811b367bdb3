from urllib.parse import urljoin, urlparse

from flask import Flask, redirect, request

app = Flask(__name__)


def is_safe(target):
    mine = urlparse(request.host_url)
    other = urlparse(urljoin(request.host_url, target))
    return other.scheme in ("http", "https") and mine.netloc == other.netloc


@app.route("/login", methods=["POST"])
def login():
    target = request.args.get("next")
    if target and is_safe(target):
        return redirect(target)
    return redirect("/")
