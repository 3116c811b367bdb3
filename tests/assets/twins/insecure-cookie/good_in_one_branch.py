from flask import Flask, make_response, request

app = Flask(__name__)


@app.post("/keep")
def keep():
    values = {"a": request.form["choice"], "b": "fixed"}
    response = make_response("kept")
    safe = not False
    response.set_cookie("choice", values["a"], path=request.path, secure=safe, httponly=True)
    return response
