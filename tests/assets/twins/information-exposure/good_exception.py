import logging

from fastapi import FastAPI, HTTPException

app = FastAPI()
log = logging.getLogger(__name__)


@app.get("/orders/{order_id}")
def order(order_id: int, db):
    try:
        return db.find(order_id)
    except Exception as e:
        log.exception("order not found: %s", e)
        raise HTTPException(status_code=500, detail="the order could not be read")
