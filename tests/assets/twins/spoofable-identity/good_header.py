from fastapi import FastAPI, HTTPException, Request

app = FastAPI()


@app.post("/refunds")
def refund(request: Request):
    user = request.headers.get("x-bailiwick-user")
    if user is None:
        raise HTTPException(401)
    return {"by": user}
