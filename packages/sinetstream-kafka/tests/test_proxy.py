"""Through a SOCKS5 proxy, which finds the names and every address that the broker names."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, ConnectionError, MessageReader, MessageWriter
from sinetstream.testing.logs import logged
from sinetstream_plugins.kafka.options.client_options import parse
from sinetstream_plugins.kafka.probe.bootstrap import reach

OPTIONS = ["socks5_proxy", "proxy_url"]
PASSWORD = "pr0xy-s3cret"

# kafka-python leaves sockets to the garbage collector where it did not get through.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning")


class Socks5:
    """Leads every name that ends in `.behind` to this machine; has a password; says where it was asked to go."""

    def __init__(self) -> None:
        self.asked = list[str]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError), closing(writer):
            await reader.readexactly(3)
            writer.write(b"\5\2")
            _, size = await reader.readexactly(2)
            await reader.readexactly(size)
            (size,) = await reader.readexactly(1)
            login = await reader.readexactly(size)
            writer.write(b"\1\0" if login == PASSWORD.encode() else b"\1\1")
            _, _, _, _, size = await reader.readexactly(5)
            host = (await reader.readexactly(size)).decode()
            port = int.from_bytes(await reader.readexactly(2), "big")
            self.asked.append(f"{host}:{port}")
            there, back = await asyncio.open_connection(host.replace("kafka.behind", "127.0.0.1"), port)
            writer.write(b"\5\0\0\1" + bytes(6))
            with closing(back):
                pumps = [asyncio.ensure_future(pump(*ends)) for ends in ((reader, back), (there, writer))]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)


@contextmanager
def proxy() -> Iterator[tuple[str, Socks5]]:
    socks, loop = Socks5(), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(socks.serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"socks5h://alice:{PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}", socks
    finally:

        async def end() -> None:
            server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def service(brokers: str, **type_spec: Any) -> dict[str, Any]:
    return {
        "no_config": True,
        "type": "kafka",
        "brokers": brokers,
        "consistency": "AT_LEAST_ONCE",
        "type_spec": {"bootstrap_timeout_ms": 5000, **type_spec},
    }


@pytest.mark.parametrize("option", OPTIONS)
def test_a_proxy_finds_the_names_and_carries_everything(kafka_broker: Any, topic: str, option: str) -> None:
    port = kafka_broker.port()
    with proxy() as (url, socks):
        through = service(f"kafka.behind:{port}", **{option: url})
        with MessageReader(topics=topic, receive_timeout_ms=5000, **through) as reader:
            with MessageWriter(topic=topic, **through) as writer:
                writer.publish(b"x")
            assert next(reader).value == b"x"

    assert {f"kafka.behind:{port}", kafka_broker.address()} == set(socks.asked)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("api", [MessageReader, MessageWriter])
def test_a_proxy_that_does_not_let_through_is_named_and_what_to_check(api: Any, option: str) -> None:
    with proxy() as (url, socks), logged() as log:
        opening = api(None, "t", **service("kafka.behind:1", **{option: url, "bootstrap_timeout_ms": 500}))
        with pytest.raises(ConnectionError, match=f"kafka.behind:1: .*: check that the proxy of {option} is") as failed:
            opening.open()

    assert {"kafka.behind:1"} == set(socks.asked)
    assert failed.value.__cause__ is not None
    assert PASSWORD not in str(failed.value)
    assert log.line_with(PASSWORD) is None


def test_behind_a_proxy_too_a_wrong_password_is_told_at_once_and_in_no_log(kafka_broker: Any) -> None:
    login = {"sasl_mechanism": "PLAIN", "sasl_plain_username": "alice", "sasl_plain_password": "wr0ng-s3cret"}
    with proxy() as (url, _), logged() as log:
        through = service(f"kafka.behind:{kafka_broker.port('sasl')}", **login, proxy_url=url)
        tls = {"ca_certs": str(kafka_broker.secret("ca.crt")), "check_hostname": False}
        with pytest.raises(ConnectionError, match=r"kafka.behind:\d+: authentication: "):
            MessageWriter(topic="t", tls=tls, **through).open()

    for secret in (PASSWORD, "wr0ng-s3cret"):
        assert log.line_with(secret) is None


def test_who_waits_for_a_proxy_can_stop() -> None:
    stop = threading.Event()
    stop.set()
    params = {"brokers": "kafka.behind", "client_id": "me", "consistency": AT_LEAST_ONCE}
    with proxy() as (url, _):
        parsed = parse({**params, "type_spec": {"proxy_url": url, "bootstrap_timeout_ms": 60_000}}, "writer")
        with pytest.raises(ConnectionError, match="proxy"):
            reach(parsed.brokers, parsed.client, stop)
