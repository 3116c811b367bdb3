from mako.template import Template


def page(name: str) -> str:
    return Template("<h1>${name}</h1>").render(name=name)  # FINDING
