import yaml

LOADER = yaml.UnsafeLoader


def read(text: str):
    return yaml.load(text, LOADER)  # FINDING
