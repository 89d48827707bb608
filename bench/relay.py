"""One hop of the bare chain: whatever comes into one topic goes out to another, with the settings of the product.

Run by `chain.py` as a process of its own: `python bench/relay.py BOOTSTRAP FROM TO`.
"""

import asyncio
import sys

from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.kafka.tail import Tail


async def main(bootstrap: str, source: str, target: str) -> None:
    """Relay until killed."""
    producer = Producer(bootstrap, client_id=f"relay-{target}")
    await producer.start()
    tail = Tail(bootstrap, source, 0, client_id=f"relay-{source}")
    await tail.start(0)
    print("ready", flush=True)
    while True:
        records = await tail.poll(max_records=500, timeout_ms=1_000)
        if records:
            await producer.append(target, 0, [Outgoing(record.value) for record in records])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
