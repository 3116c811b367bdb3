from pathlib import Path

from flask import Flask, request

app = Flask(__name__)

FOLDER = Path("/srv/files")


@app.route("/file")
def file():
    path = (FOLDER / request.args["name"]).resolve()
    if not path.exists():
        return "none", 404
    return {"text": path.read_text()}  # FINDING
