import os

from aiohttp import web


async def run(request):
    form = await request.post()
    os.system("echo " + form["text"])  # FINDING
    return web.json_response({})


def make():
    app = web.Application()
    app.router.add_post("/run", run)
    return app
