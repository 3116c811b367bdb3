from http.server import HTTPServer, SimpleHTTPRequestHandler

HERE = "localhost"
HTTPServer((HERE, 8000), SimpleHTTPRequestHandler).serve_forever()
