from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.post("/admin")
def admin(password: str, strength):
    if password == "" or strength(password) != "strong":
        raise HTTPException(400)
    return {"ok": True}
