import os
import secrets

from fastapi import FastAPI, Header, HTTPException

app = FastAPI()
API_KEY = os.environ["API_KEY"]


@app.get("/report")
def report(x_api_key: str = Header()):
    if not secrets.compare_digest(x_api_key, API_KEY):
        raise HTTPException(401)
    return {}
