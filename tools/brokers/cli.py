"""tools/brokers up|down|status|env [kafka|mqtt]: the command line."""

import argparse
import os
import shlex
import sys

from tools.brokers import instances
from tools.brokers.broker import Broker
from tools.brokers.errors import BrokerError
from tools.brokers.external import exports, external_broker
from tools.brokers.state import State

__all__ = ["main"]

_DESCRIPTION = """Test brokers for this checkout: Apache Kafka and Eclipse Mosquitto, on loopback.

up      start them, with Docker Compose where an engine answers, else natively; they stay until `down`
down    stop them, and whatever an interrupted test run has left
status  what is there, whether it answers, and at which addresses; ends with 1 where something asked for is not ready
env     the addresses as shell exports: eval "$(tools/hatch run brokers env)"

A broker given by SINETSTREAM_TEST_KAFKA or SINETSTREAM_TEST_MQTT (host:port) is used as it is; its other listeners are
SINETSTREAM_TEST_KAFKA_TLS and so on, its certificates in the folder SINETSTREAM_TEST_KAFKA_SECRETS."""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _describe(broker: Broker) -> None:
    for listener, address in broker.addresses.items():
        print(f"  {listener:<13} {address}")


def _up(kind: str) -> bool:
    there = instances.find(kind) is not None
    broker = instances.up(kind, _say)
    _say(f"{kind}: {'was there already' if there else 'started'}, ready")
    _describe(broker)
    return True


def _down(kind: str) -> bool:
    instances.down(kind, _say)
    return True


def _how(state: State) -> str:
    process = f", process {state.identity.pid}" if state.identity else ""
    owner = f", of the test run {state.owner.pid}" if state.owner else ""
    return f"{state.how}{process}{owner}"


def _status(kind: str) -> bool:
    if broker := external_broker(kind):
        ready = broker.is_ready()
        print(f"{kind}: given by its address, {'ready' if ready else 'not ready'}")
        _describe(broker)
        return ready
    all_ready = []
    for folder, state, broker in instances.started_here():
        if state.kind == kind:
            running = broker.is_running()
            ready = running and broker.is_ready()
            what = "ready" if ready else "running, not ready" if running else "not running"
            print(f"{kind}: {what} ({_how(state)}), in {folder}")
            _describe(broker)
            all_ready.append(ready)
    if not all_ready:
        print(f"{kind}: down")
    return any(all_ready)


def _env(kind: str) -> bool:
    broker = instances.find(kind)
    if broker is None:
        _say(f"{kind}: down")
        return False
    for name, value in exports(broker).items():
        print(f"export {name}={shlex.quote(value)}")
    return True


_COMMANDS = {"up": _up, "down": _down, "status": _status, "env": _env}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="brokers",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=list(_COMMANDS))
    parser.add_argument("kinds", nargs="*", metavar="kafka|mqtt", help="default: both")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.kinds) - set(instances.KINDS))
    if unknown:
        parser.error(f"no such broker: {', '.join(unknown)} (there are: {', '.join(instances.KINDS)})")
    good = [_run(chosen.command, kind) for kind in chosen.kinds or instances.KINDS]
    return 0 if all(good) else 1


def _run(command: str, kind: str) -> bool:
    try:
        good = _COMMANDS[command](kind)
        sys.stdout.flush()
    except BrokerError as error:
        _say(f"{kind}: {error}")
        return False
    except BrokenPipeError:  # the reader of the output, `head` for example, has read what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return good
