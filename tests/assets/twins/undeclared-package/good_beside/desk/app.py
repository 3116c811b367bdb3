import flask
import tool
app = 1
