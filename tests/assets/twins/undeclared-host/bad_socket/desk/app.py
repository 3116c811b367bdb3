import socket


def app():
    return socket.create_connection(("db.other.example", 9000))  # FINDING
