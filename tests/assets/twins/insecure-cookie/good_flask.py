from flask import Flask, make_response

app = Flask(__name__)


@app.get("/")
def index():
    response = make_response("hello")
    response.set_cookie("theme", "dark", secure=True, httponly=True, samesite="Lax")
    return response
