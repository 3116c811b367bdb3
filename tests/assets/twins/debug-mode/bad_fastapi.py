from fastapi import FastAPI

DEBUG = True
app = FastAPI(title="Desk", debug=DEBUG)  # FINDING
