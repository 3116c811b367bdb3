from fastapi import FastAPI
from fastapi.responses import HTMLResponse

app = FastAPI()


@app.get("/hello")
def hello(name: str):
    return HTMLResponse(f"<h1>{name}</h1>")  # FINDING


@app.get("/other", response_class=HTMLResponse)
def other(name: str):
    return f"<h1>{name}</h1>"  # FINDING
