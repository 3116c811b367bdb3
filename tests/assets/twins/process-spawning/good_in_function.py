def f(o):
    run = o.popen
    return run("ls").read()
