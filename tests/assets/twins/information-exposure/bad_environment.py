import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/debug")
def debug():
    return dict(os.environ)  # FINDING
