import os

from flask import Flask, request, send_file

app = Flask(__name__)
FOLDER = "/srv/files"


@app.route("/file")
def file():
    path = os.path.abspath(os.path.join(FOLDER, request.args["name"]))
    if os.path.commonpath([FOLDER, path]) != FOLDER:
        app.logger.warning("outside")
    return send_file(path)  # FINDING
