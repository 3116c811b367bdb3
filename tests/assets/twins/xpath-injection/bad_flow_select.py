import lxml.etree

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.form["id"]
    root = lxml.etree.parse("employees.xml")
    found = root.xpath(f"/Employees/Employee[@emplid='{bar}']")  # FINDING
    return {"found": len(found)}
