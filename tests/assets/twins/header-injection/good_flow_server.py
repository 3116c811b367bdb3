from http.server import BaseHTTPRequestHandler
from urllib.parse import quote, unquote


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Asked", quote(unquote(self.path)))
        self.end_headers()
