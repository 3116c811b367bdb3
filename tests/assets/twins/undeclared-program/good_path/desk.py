from subprocess import check_output as ask


def app(program):
    return ask(program)
