from fastapi import FastAPI

app = FastAPI()


@app.get("/orders")
def orders(db, limit: int = 50):  # FINDING
    return db.execute("SELECT id FROM orders LIMIT %s", [limit]).fetchall()
