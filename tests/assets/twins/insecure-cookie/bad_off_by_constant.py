from fastapi import FastAPI, Response

app = FastAPI()
SECURE = 1 > 2


@app.post("/login")
def login(response: Response):
    response.set_cookie("session", "x", secure=SECURE, httponly=True)  # FINDING
