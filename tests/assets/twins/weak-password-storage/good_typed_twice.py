from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.post("/register")
def register(username: str, password: str, confirm_password: str):
    if password != confirm_password:
        raise HTTPException(400, "the passwords differ")
    return {"ok": username}
