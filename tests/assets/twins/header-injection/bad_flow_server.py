from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Asked", unquote(self.path))  # FINDING
        self.end_headers()
