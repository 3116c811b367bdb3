import socket
import ssl


def connect(host: str):
    return ssl.wrap_socket(socket.create_connection((host, 443)))  # FINDING
