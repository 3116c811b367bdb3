from fastapi import Depends, FastAPI, HTTPException, Request

app = FastAPI()
ADMINS = {"mona@example.com"}


def administrator(request: Request) -> str:
    person = request.headers.get("x-bailiwick-user")
    if person not in ADMINS:
        raise HTTPException(403)
    return person


@app.post("/admin/users/{user_id}/promote")
def promote(user_id: int, db, person: str = Depends(administrator)):
    db.execute("UPDATE users SET role = 'manager' WHERE id = %s", [user_id])
    return {"ok": True}
