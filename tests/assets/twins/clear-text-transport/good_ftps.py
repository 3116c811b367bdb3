import ftplib


def send(host: str, user: str, password: str, path: str) -> None:
    with ftplib.FTP_TLS(host, user, password) as server, open(path, "rb") as file:
        server.prot_p()
        server.storbinary("STOR report.csv", file)
