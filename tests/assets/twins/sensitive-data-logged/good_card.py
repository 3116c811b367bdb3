from flask import Flask, request

app = Flask(__name__)


def masked(number: str) -> str:
    return "•••• " + number[-4:]


@app.post("/pay")
def pay():
    card_number = request.form["card_number"]
    app.logger.warning("payment with " + masked(card_number))
    return "paid"
