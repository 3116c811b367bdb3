from fastapi import FastAPI

app = FastAPI()


@app.post("/admin/users/{user_id}/promote")  # FINDING
def promote(user_id: int, db):
    db.execute("UPDATE users SET role = 'manager' WHERE id = %s", [user_id])
    return {"ok": True}
