import os

from flask import Flask, request


def create_app():
    app = Flask(__name__)

    @app.route("/run")
    def run():
        command = request.args["command"]

        def later(command="ls"):
            os.system(command)

        later()
        return {"asked": command}

    return app
