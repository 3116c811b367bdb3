import jinja2

OPTIONS_ESCAPE = False
pages = jinja2.Environment(loader=jinja2.PackageLoader("desk"), autoescape=OPTIONS_ESCAPE)  # FINDING
