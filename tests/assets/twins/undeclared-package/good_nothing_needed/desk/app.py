import http.server
import helpers
app = 1
