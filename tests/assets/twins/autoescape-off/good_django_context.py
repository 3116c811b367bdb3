from django.template import Context, Template


def page(name: str) -> str:
    return Template("<h1>{{ name }}</h1>").render(Context({"name": name}))
