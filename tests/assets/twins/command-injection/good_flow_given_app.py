import os
import shlex

from flask import request


def init(app):
    @app.route("/run", methods=["GET"])
    def run_get():
        return run_post()

    @app.route("/run", methods=["POST"])
    def run_post():
        os.system("echo " + shlex.quote(request.form.get("text", "")))
        return {}
