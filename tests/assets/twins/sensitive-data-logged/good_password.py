import logging

log = logging.getLogger(__name__)


def login(name: str, password: str) -> None:
    log.info("login of %s with a password of %s letters", name, len(password))
