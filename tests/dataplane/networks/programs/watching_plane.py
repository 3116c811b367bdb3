"""What a plane does about its network, with its answer to /readyz: RUNTIMES FOLDER RULES (JSON) HOST PORT."""

import asyncio
import sys
from pathlib import Path

from bailiwick.core.clock import utc_now
from bailiwick.core.messages import NetworkRules
from bailiwick.dataplane.health import serve_health
from bailiwick.dataplane.networks import NetworkWatch, Rounds
from bailiwick.dataplane.sandbox import ensure_runtime


async def main() -> None:
    runtimes, folder, rules, host, port = sys.argv[1:]
    rounds = Rounds(ensure_runtime(Path(runtimes)), Path(folder), lambda: (), utc_now)
    watch = NetworkWatch(rounds, lambda _: None, seconds=0.3, again_seconds=0.3)
    watch.hear(NetworkRules.model_validate_json(rules))

    def state() -> dict[str, object]:
        parted = watch.parted
        return {"ready": parted.ready, "state": parted.parting.value, "faults": list(parted.faults)}

    await serve_health(host, int(port), state)
    running = asyncio.create_task(watch.run())
    print("ready", flush=True)
    await running


asyncio.run(main())
