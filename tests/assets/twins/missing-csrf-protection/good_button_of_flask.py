from flask import Flask, redirect
from flask_login import current_user, login_required
from flask_wtf.csrf import CSRFProtect

from desk.models import Item, db

app = Flask(__name__)
CSRFProtect(app)


@app.route("/items/<int:item_id>/delete", methods=["POST"])
@login_required
def delete_item(item_id):
    item = Item.query.filter_by(id=item_id, owner=current_user).first_or_404()
    db.session.delete(item)
    db.session.commit()
    return redirect("/")
