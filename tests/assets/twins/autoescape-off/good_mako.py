from mako.template import Template


def page(name: str) -> str:
    return Template("<h1>${name}</h1>", default_filters=["h"]).render(name=name)
