import tornado.web


class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("<h1>" + self.get_argument("name") + "</h1>")  # FINDING
