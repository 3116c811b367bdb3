import paramiko


def app():
    client = paramiko.SSHClient()
    client.connect("box.other.example")  # FINDING
