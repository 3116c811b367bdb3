import paramiko


def connect(host: str, user: str):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # FINDING
    client.connect(host, username=user)
    return client
