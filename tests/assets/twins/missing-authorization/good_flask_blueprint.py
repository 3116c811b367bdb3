from flask import Blueprint, Flask, abort, redirect, request

bp = Blueprint("backoffice", __name__, url_prefix="/admin")


@bp.before_request
def only_managers():
    if request.headers.get("x-bailiwick-user") not in {"mona@example.com"}:
        abort(403)


@bp.route("/refund/<int:order_id>", methods=["POST"])
def refund(order_id):
    return redirect("/admin")


app = Flask(__name__)
app.register_blueprint(bp)
