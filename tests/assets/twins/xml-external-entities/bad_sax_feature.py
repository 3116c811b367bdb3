import xml.sax
from xml.sax.handler import feature_external_ges


def read(path: str, handler) -> None:
    parser = xml.sax.make_parser()
    parser.setFeature(feature_external_ges, True)  # FINDING
    parser.setContentHandler(handler)
    parser.parse(path)
