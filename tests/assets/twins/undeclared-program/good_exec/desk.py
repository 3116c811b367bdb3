import asyncio


async def app(url):
    return await asyncio.create_subprocess_exec("alembic", "upgrade", url)
