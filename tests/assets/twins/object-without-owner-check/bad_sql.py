from fastapi import Depends, FastAPI

from desk.auth import get_current_user
from desk.database import connection

app = FastAPI()


@app.get("/invoices")
def mine(user=Depends(get_current_user)):
    with connection() as db:
        return db.execute("SELECT id, total FROM invoices WHERE user_id = %s", [user.id]).fetchall()


@app.get("/invoices/{invoice_id}")
def one(invoice_id: int, user=Depends(get_current_user)):
    with connection() as db:
        return db.execute("SELECT id, total FROM invoices WHERE id = %s", [invoice_id]).fetchone()  # FINDING
