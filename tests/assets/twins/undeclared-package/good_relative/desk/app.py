from .more import app
