from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


class OutOfStockError(Exception):
    pass


@app.exception_handler(OutOfStockError)
async def failed(request: Request, exc: OutOfStockError):
    return JSONResponse({"detail": str(exc)}, status_code=409)
