from fastapi import FastAPI
from jinja2 import Environment

app = FastAPI()
pages = Environment(autoescape=True)


@app.post("/show")
def show(source: str):
    return {"text": pages.from_string("{{ source }}").render(source=source)}
