import hashlib

from flask import Flask, request

app = Flask(__name__)


@app.post("/sign")
def sign():
    text = request.form["text"]
    digest = hashlib.new("sha1")  # FINDING
    digest.update(text.encode())
    return digest.hexdigest()
