from jinja2 import Environment, FileSystemLoader

prompts = Environment(loader=FileSystemLoader("prompts"))
