import asyncio


async def app(url):
    return await asyncio.create_subprocess_exec("ffmpeg", "-i", url)  # FINDING
