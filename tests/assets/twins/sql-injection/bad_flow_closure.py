from flask import Flask, request

app = Flask(__name__)


def maker(prefix):
    def make(value):
        return prefix + value

    return make


@app.route("/find")
def find():
    where = maker("SELECT * FROM people WHERE name = ")
    return {"rows": list(cursor().execute(where(request.args["q"])))}  # FINDING
