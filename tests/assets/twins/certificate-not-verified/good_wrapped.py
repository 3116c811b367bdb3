import socket
import ssl


def connect(host: str):
    context = ssl.create_default_context()
    return context.wrap_socket(socket.create_connection((host, 443)), server_hostname=host)
