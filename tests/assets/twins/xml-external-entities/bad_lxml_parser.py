from lxml import etree


def read(text: bytes):
    parser = etree.XMLParser(resolve_entities=True, no_network=False)  # FINDING
    return etree.fromstring(text, parser)
