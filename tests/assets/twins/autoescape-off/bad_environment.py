from jinja2 import Environment, FileSystemLoader

pages = Environment(loader=FileSystemLoader("templates"))  # FINDING
