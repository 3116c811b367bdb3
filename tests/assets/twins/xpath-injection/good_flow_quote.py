import elementpath
import xml.etree.ElementTree as ET

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.form["id"]
    if "'" in bar:
        return "no"
    root = ET.parse("employees.xml")
    found = elementpath.select(root, f"/Employees/Employee[@emplid='{bar}']")
    return {"found": len(found)}
