import hashlib

from flask import Flask, request

app = Flask(__name__)


def hash_password(plain: str, salt: str) -> str:
    return hashlib.md5((salt + plain).encode()).hexdigest()  # FINDING


@app.post("/register")
def register():
    return hash_password(request.form["password"], "x")
