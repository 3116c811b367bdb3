import httpx
from fastapi import BackgroundTasks, Body, FastAPI

app = FastAPI()


def notify(address, text):
    httpx.post(address, json={"text": text})


@app.post("/hook")
def hook(tasks: BackgroundTasks, text: str = Body(...)):
    tasks.add_task(notify, "https://hooks.example.com/desk", text)
    return {}
