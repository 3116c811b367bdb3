from fastapi import FastAPI, HTTPException

app = FastAPI()
USERS = {}


@app.post("/login")
def login(username: str, password: str):
    user = USERS.get(username)
    if user is None or user["password"] != password:  # FINDING
        raise HTTPException(401)
    return {"ok": True}
