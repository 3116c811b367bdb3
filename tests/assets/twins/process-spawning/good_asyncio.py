import asyncio


async def f():
    await asyncio.create_task(asyncio.sleep(1))
