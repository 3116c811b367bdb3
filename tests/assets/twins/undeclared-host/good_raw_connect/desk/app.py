import socket


def app():
    door = socket.socket()
    door.connect(("localhost", 4444))
