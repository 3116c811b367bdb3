from flask import Flask, request

app = Flask(__name__)

PROGRAMS = {"one": "x = 1", "two": "x = 2"}


@app.route("/run", methods=["POST"])
def run():
    names = {}
    exec(PROGRAMS[request.get_json()["program"]], names)
    return {"names": sorted(names)}
