from subprocess import check_output as ask


def app():
    return ask("/usr/bin/uptime")  # FINDING
