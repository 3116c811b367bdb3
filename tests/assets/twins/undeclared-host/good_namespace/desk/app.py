from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
ElementTree.register_namespace("x", "http://api.other.example/x")
app = SVG
