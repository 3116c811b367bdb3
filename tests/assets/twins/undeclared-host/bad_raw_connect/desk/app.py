import socket


def app():
    door = socket.socket()
    door.connect(("10.1.2.3", 4444))  # FINDING
