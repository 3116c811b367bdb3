import socket

s = socket.socket(family=socket.AF_PACKET, type=socket.SOCK_DGRAM)  # FINDING
