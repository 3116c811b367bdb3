from fastapi import FastAPI, Form, Request
from slowapi import Limiter
from slowapi.util import get_remote_address

app = FastAPI()
limiter = Limiter(key_func=get_remote_address)


@app.post("/login")
@limiter.limit("5/minute")
def login(request: Request, name: str = Form(), password: str = Form()):
    return {"ok": bool(name and password)}
