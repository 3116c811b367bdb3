from flask import Flask, jsonify
from flask_login import current_user, login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class Document(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    owner_id = db.Column(db.Integer)
    text = db.Column(db.Text)


@app.get("/documents")
@login_required
def mine():
    return jsonify([d.text for d in Document.query.filter_by(owner_id=current_user.id)])


@app.get("/documents/<int:document_id>")
@login_required
def one(document_id):
    document = Document.query.get_or_404(document_id)  # FINDING
    return jsonify(text=document.text)
