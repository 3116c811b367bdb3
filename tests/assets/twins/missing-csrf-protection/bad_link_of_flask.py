from flask import Flask, redirect
from flask_login import current_user, login_required

from desk.models import Item, db

app = Flask(__name__)


@app.route("/items/<int:item_id>/delete")
@login_required
def delete_item(item_id):
    item = Item.query.filter_by(id=item_id, owner=current_user).first_or_404()
    db.session.delete(item)  # FINDING
    db.session.commit()
    return redirect("/")
