from fastapi import FastAPI, Response

app = FastAPI()


@app.post("/login")
def login(response: Response, token: str):
    response.headers["Set-Cookie"] = f"session={token}; HttpOnly; Path=/"  # FINDING
