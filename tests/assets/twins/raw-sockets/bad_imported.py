from socket import SOCK_RAW, socket  # FINDING

s = socket(2, SOCK_RAW)
