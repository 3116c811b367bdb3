import os

from flask import request


def init(app):
    @app.route("/run", methods=["GET"])
    def run_get():
        return run_post()

    @app.route("/run", methods=["POST"])
    def run_post():
        os.system("echo " + request.form.get("text", ""))  # FINDING
        return {}
