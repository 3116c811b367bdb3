from flask import Flask, request

app = Flask(__name__)


@app.post("/import")
def take():
    try:
        return {"rows": len(request.json["rows"])}
    except Exception as error:
        message = f"failed: {error}"
        return {"error": message}, 500  # FINDING
