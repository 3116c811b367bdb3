from aiohttp import web


async def remove_account(request):
    if not await request.app["policy"].permits(request.headers["x-bailiwick-user"], "remove"):
        raise web.HTTPForbidden()
    await request.app["db"].execute("DELETE FROM accounts WHERE id = $1", request.match_info["id"])
    return web.json_response({})


app = web.Application()
app.add_routes([web.post("/accounts/{id}/remove", remove_account)])
