from fastapi import FastAPI

DEBUG = False
app = FastAPI(title="Desk", debug=DEBUG)
