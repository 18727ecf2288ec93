"""Publish again what was not sent, and decide about what may have been sent."""

from collections.abc import Callable

from sinetstream import InvalidArgumentError, InvalidMessageError, MessageReader, MessageWriter, SinetError


def deliver(
    writer: MessageWriter[str], value: str, before_retry: Callable[[], None], *, may_come_twice: bool, attempts: int = 3
) -> None:
    """Publish, at most so often. Raises the last error, or the first one where another attempt is of no use."""
    for attempts_left in reversed(range(attempts)):
        try:
            writer.publish(value)
        except (InvalidMessageError, InvalidArgumentError):
            raise  # the message or the program is wrong: it would fail again
        except SinetError as error:
            print(f"{value}: {type(error).__name__}, {error.outcome}")
            is_safe = error.outcome == "not_sent" or may_come_twice
            if not (attempts_left and is_safe):
                raise
            before_retry()
        else:
            print(f"{value}: sent")
            return


with (
    MessageReader[str]("lab") as reader,
    MessageWriter[str]("lab", publish_timeout_ms=100, type_spec={"maxsize": 1}) as writer,
):

    def make_room() -> None:  # your program waits here for a second or two, and longer each time
        print("read", next(reader).value)

    deliver(writer, "first", make_room, may_come_twice=False)
    deliver(writer, "second", make_room, may_come_twice=False)
