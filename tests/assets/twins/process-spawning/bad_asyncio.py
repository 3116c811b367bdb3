import asyncio


async def f():
    await asyncio.create_subprocess_exec("ls")  # FINDING
