import socket

server = socket.socket()
server.bind(("", 9000))  # FINDING
