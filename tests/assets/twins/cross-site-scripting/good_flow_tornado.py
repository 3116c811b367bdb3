import tornado.escape
import tornado.web


class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("<h1>" + tornado.escape.xhtml_escape(self.get_argument("name")) + "</h1>")
