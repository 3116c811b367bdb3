# SOCK_RAW is not used
NAME = "scapy"
KIND = 3
