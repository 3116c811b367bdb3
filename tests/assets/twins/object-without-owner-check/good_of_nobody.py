from fastapi import Depends, FastAPI

from desk.auth import get_current_user
from desk.database import connection

app = FastAPI()


@app.get("/products/{product_id}")
def one(product_id: int, user=Depends(get_current_user)):
    with connection() as db:
        return db.execute("SELECT id, name FROM products WHERE id = %s", [product_id]).fetchone()
