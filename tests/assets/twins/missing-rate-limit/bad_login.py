from fastapi import FastAPI, Form

app = FastAPI()


@app.post("/login")  # FINDING
def login(name: str = Form(), password: str = Form()):
    return {"ok": bool(name and password)}
