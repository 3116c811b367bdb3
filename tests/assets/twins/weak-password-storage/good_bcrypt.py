import bcrypt
from flask import Flask, request

app = Flask(__name__)


def hash_password(plain: str) -> bytes:
    return bcrypt.hashpw(plain.encode(), bcrypt.gensalt(rounds=12))


@app.post("/register")
def register():
    return hash_password(request.form["password"])
