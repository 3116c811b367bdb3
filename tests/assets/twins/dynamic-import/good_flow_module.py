import reports.monthly
import reports.yearly

from flask import Flask, request

app = Flask(__name__)

REPORTS = {"monthly": reports.monthly, "yearly": reports.yearly}


@app.route("/report")
def report():
    return {"rows": REPORTS[request.args["report"]].rows()}
