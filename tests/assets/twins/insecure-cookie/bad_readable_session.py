from fastapi import FastAPI, Response

app = FastAPI()


@app.post("/login")
def login(response: Response, token: str):
    response.set_cookie(key="access_token", value=token, secure=True, httponly=False)  # FINDING
