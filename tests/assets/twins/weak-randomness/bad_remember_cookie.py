import random

from flask import Flask, make_response

app = Flask(__name__)


@app.post("/remember")
def remember():
    value = random.random()  # FINDING
    kept = str(value)[2:]
    response = make_response("You will be remembered")
    response.set_cookie("visitor", kept, secure=True, httponly=True)
    return response
