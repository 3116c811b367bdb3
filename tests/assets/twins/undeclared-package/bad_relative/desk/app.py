from desk.more import app
