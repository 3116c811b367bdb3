from flask import Flask, abort, request

app = Flask(__name__)
OFFICE = {"203.0.113.7"}


@app.before_request
def only_the_office():
    address = request.headers.get("X-Forwarded-For", "")  # FINDING
    if address not in OFFICE:
        abort(403)
