import socket

s = socket.socket(socket.AF_INET, 3)  # FINDING
