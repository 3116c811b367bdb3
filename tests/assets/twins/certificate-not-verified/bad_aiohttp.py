import aiohttp


async def fetch(url: str) -> str:
    connector = aiohttp.TCPConnector(ssl=False)  # FINDING
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get(url) as answer:
            return await answer.text()
