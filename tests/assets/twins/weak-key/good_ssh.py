import paramiko


def host_key(path: str) -> None:
    key = paramiko.RSAKey.generate(bits=3072)
    key.write_private_key_file(path)
