import yaml

LOADER = yaml.CSafeLoader


class Strict(yaml.SafeLoader):
    pass


def read(text: str):
    return yaml.load(text, LOADER), yaml.load(text, Loader=Strict)
