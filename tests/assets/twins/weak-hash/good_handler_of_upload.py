import hashlib
import io

from flask import Flask, request

app = Flask(__name__)


def init(app):
    @app.route("/keep", methods=["POST"])
    def keep():
        given = request.form.get("value")
        data = b""
        if isinstance(given, str):
            data = given.encode("utf-8")
        elif isinstance(given, io.IOBase):
            data = given.read(1000)
        made = hashlib.sha512()
        made.update(data)
        with open("kept/values.txt", "ab") as file:
            file.write(made.digest())
        return "kept"
