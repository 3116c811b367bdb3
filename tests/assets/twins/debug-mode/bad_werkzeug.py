from werkzeug.debug import DebuggedApplication

from desk import app

app = DebuggedApplication(app, evalex=True)  # FINDING
