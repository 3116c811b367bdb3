import socket


def app():
    door = socket.socket()
    door.listen()  # FINDING
