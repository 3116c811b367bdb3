from fastapi import FastAPI, Request

app = FastAPI()


@app.post("/admin/purge")  # FINDING
def purge(request: Request, db):
    person = request.headers.get("x-bailiwick-user")
    db.execute("DELETE FROM orders")
    return {"purged_by": person}
