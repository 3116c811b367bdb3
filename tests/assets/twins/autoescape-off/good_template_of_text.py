from jinja2 import Template

LINE = "Dear {{ name }}, your refund of {{ amount }} is on its way."


def line(name: str, amount: str) -> str:
    return Template(LINE).render(name=name, amount=amount)
