from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    app.logger.warning(f"no such order: {request.args['order']!r}")
    return "none", 404
