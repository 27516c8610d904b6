"""A process that needs an engine: waits for a line, then finds or starts one. usage: starter.py MODEL"""

from __future__ import annotations

import asyncio
import sys

from inference.launch import ensure_engine
from settings.schema import Model
from tests.inference.test_launch import use_script

if __name__ == "__main__":
    use_script()
    print("ready", flush=True)
    sys.stdin.readline()

    async def main() -> None:
        engine = await ensure_engine(Model(completion=sys.argv[1]))
        print((await engine.health())["pid"], flush=True)
        await engine.close()

    asyncio.run(main())
