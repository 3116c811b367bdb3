from cryptography.fernet import Fernet

BOX = Fernet(b"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")  # FINDING
