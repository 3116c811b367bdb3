from scapy.all import send  # FINDING
