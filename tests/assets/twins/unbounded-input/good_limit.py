from fastapi import FastAPI, Query

app = FastAPI()


@app.get("/orders")
def orders(db, limit: int = Query(50, le=200)):
    return db.execute("SELECT id FROM orders LIMIT %s", [limit]).fetchall()
