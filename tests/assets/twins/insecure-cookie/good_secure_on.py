from flask import Flask, request

app = Flask(__name__)


@app.get("/keep")
def keep():
    response = app.make_response("kept")
    response.set_cookie("choice", request.args["choice"], secure=True, httponly=True)
    return response
