from fastapi import FastAPI, Form

app = FastAPI()


@app.post("/feedback")
def feedback(text: str = Form(max_length=500)):
    return {"thanks": True}


@app.get("/orders")
def orders(q: str = ""):
    return {"orders": []}
