import ftplib


def send(host: str, user: str, password: str, path: str) -> None:
    with ftplib.FTP(host, user, password) as server, open(path, "rb") as file:  # FINDING
        server.storbinary("STOR report.csv", file)
