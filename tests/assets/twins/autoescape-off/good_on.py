import jinja2

OPTIONS_ESCAPE = True
pages = jinja2.Environment(loader=jinja2.PackageLoader("desk"), autoescape=OPTIONS_ESCAPE)
