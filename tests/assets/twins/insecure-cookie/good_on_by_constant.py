from fastapi import FastAPI, Response

app = FastAPI()
SECURE = 2 > 1


@app.post("/login")
def login(response: Response):
    response.set_cookie("session", "x", secure=SECURE, httponly=True)
