from fastapi import FastAPI

app = FastAPI()


@app.post("/transfer")
def transfer(amount: float):
    assert amount > 0  # FINDING
    return {"moved": amount}
