import os

from flask import Flask, request


def create_app():
    app = Flask(__name__)

    @app.route("/run")
    def run():
        command = request.args["command"]

        def later():
            os.system(command)  # FINDING

        later()
        return {}

    return app
