import xml.etree.ElementTree
app = 1
