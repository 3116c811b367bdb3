from flask import Flask, request

app = Flask(__name__)


class Store:
    def where(self, value):
        raise NotImplementedError

    def find(self, value):
        return cursor().execute("SELECT * FROM people WHERE " + self.where(value))


class ByNumber(Store):
    def where(self, value):
        return f"number = {int(value)}"


@app.route("/find")
def find():
    return {"rows": list(ByNumber().find(request.args["value"]))}
