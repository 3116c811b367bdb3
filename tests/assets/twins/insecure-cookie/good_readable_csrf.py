from fastapi import FastAPI, Response

app = FastAPI()


@app.get("/form")
def form(response: Response, token: str):
    """Scripts of the page send it back in a header, so they must read it."""
    response.set_cookie(key="csrf_token", value=token, secure=True, samesite="strict")
