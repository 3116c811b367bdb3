from flask import Flask, request

app = Flask(__name__)


@app.post("/pay")
def pay():
    card_number = request.form["card_number"]
    app.logger.warning("payment with " + card_number)  # FINDING
    return "paid"
