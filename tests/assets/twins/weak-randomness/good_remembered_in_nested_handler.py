import secrets

from flask import make_response, request


def init(app, visits):
    @app.route("/visit", methods=["POST"])
    def visit():
        answer = ""
        cookie = "rememberMe7"
        value = secrets.token_urlsafe(32)
        if cookie in visits and request.cookies.get(cookie) == visits[cookie]:
            answer += "Welcome back"
        else:
            visits[cookie] = value
            answer = make_response(answer)
            answer.set_cookie(cookie, value, path=request.path, secure=True, httponly=True)
        return answer
