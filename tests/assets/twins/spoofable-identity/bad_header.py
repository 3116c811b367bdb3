from fastapi import FastAPI, HTTPException, Request

app = FastAPI()


@app.post("/refunds")
def refund(request: Request):
    user = request.headers.get("X-User-Email")  # FINDING
    if user is None:
        raise HTTPException(401)
    return {"by": user}
