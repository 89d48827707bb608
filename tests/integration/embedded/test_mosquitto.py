import asyncio
from asyncio.subprocess import PIPE, Process

from support.brokers import MakeMosquitto
from support.eventually import eventually
from support.mosquitto import begin_tool

from xqueue_embedded import Mosquitto


async def test_what_is_published_arrives(mosquitto: Mosquitto, namespace: str) -> None:
    topic = f"{namespace}/status"
    subscriber = await client(mosquitto, "mosquitto_sub", "-t", topic, "-C", "1")

    async def arrived() -> bool:
        await publish(mosquitto, topic, "done")  # again and again: nobody tells when the subscription holds
        return subscriber.returncode is not None

    assert await eventually(arrived)
    assert await said(subscriber) == "done\n"


async def test_retained_messages_outlive_a_restart(private_mosquitto: MakeMosquitto) -> None:
    broker = await private_mosquitto()
    port = broker.port
    await publish(broker, "task/status/1", "success", "--retain")

    await broker.stop()
    await broker.start()

    assert broker.port == port
    assert await said(await client(broker, "mosquitto_sub", "-t", "task/status/1", "-C", "1")) == "success\n"


async def test_after_a_crash_it_is_back_at_the_same_address(private_mosquitto: MakeMosquitto) -> None:
    broker = await private_mosquitto()
    port = broker.port

    broker.kill()
    await broker.wait()
    await broker.start()

    assert broker.port == port
    await publish(broker, "topic", "message")


async def publish(broker: Mosquitto, topic: str, message: str, *options: str) -> None:
    publisher = await client(broker, "mosquitto_pub", "-t", topic, "-m", message, "-q", "1", *options)
    async with asyncio.timeout(30):
        assert await publisher.wait() == 0


async def said(subscriber: Process) -> str:
    async with asyncio.timeout(30):
        output, _ = await subscriber.communicate()
    return output.decode()


async def client(broker: Mosquitto, program: str, *arguments: str) -> Process:
    address = ("-h", broker.host, "-p", str(broker.port))
    return await begin_tool(program, *address, *arguments, stdout=PIPE)
