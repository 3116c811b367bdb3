from fastapi import FastAPI

app = FastAPI()


@app.get("/series")
def series(count: int):
    return [n * n for n in range(count)]  # FINDING
