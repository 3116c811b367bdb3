import socket


def app():
    return socket.create_connection(("127.0.0.1", 9000))
