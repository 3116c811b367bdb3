from flask import Flask, request

app = Flask(__name__)


def maker(prefix):
    def make(value):
        return prefix + str(len(value))

    return make


@app.route("/find")
def find():
    where = maker("SELECT * FROM people WHERE length = ")
    return {"rows": list(cursor().execute(where(request.args["q"])))}
