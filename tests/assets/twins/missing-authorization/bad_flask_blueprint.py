from flask import Blueprint, Flask, redirect

bp = Blueprint("backoffice", __name__, url_prefix="/admin")


@bp.route("/refund/<int:order_id>", methods=["POST"])  # FINDING
def refund(order_id):
    return redirect("/admin")


app = Flask(__name__)
app.register_blueprint(bp)
