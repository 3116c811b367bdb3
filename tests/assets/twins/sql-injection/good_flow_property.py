from flask import Flask, request

app = Flask(__name__)


class Wanted:
    @property
    def name(self):
        return request.args.get("name")

    @property
    def table(self):
        return "people"


@app.route("/find")
def find():
    wanted = Wanted()
    return {"rows": list(cursor().execute(f"SELECT * FROM {wanted.table} WHERE name = ?", [wanted.name]))}
