from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from markupsafe import escape

app = FastAPI()


@app.get("/hello")
def hello(name: str):
    return HTMLResponse(f"<h1>{escape(name)}</h1>")


@app.get("/other")
def other(name: str):
    return f"<h1>{name}</h1>"
