from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@app.exception_handler(Exception)
async def failed(request: Request, exc: Exception):
    return JSONResponse({"detail": repr(exc)}, status_code=500)  # FINDING
