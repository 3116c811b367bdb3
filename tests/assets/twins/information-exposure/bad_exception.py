from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.get("/orders/{order_id}")
def order(order_id: int, db):
    try:
        return db.find(order_id)
    except Exception as e:
        raise HTTPException(status_code=500, detail=str(e))  # FINDING
