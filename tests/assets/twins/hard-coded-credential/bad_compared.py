from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.post("/admin")
def admin(password: str):
    if password != "letmein42":  # FINDING
        raise HTTPException(403)
    return {"ok": True}
