from fastapi import Depends, FastAPI

from api import router
from auth import require_manager

app = FastAPI()
app.include_router(router, dependencies=[Depends(require_manager)])
