"""`python -m sinetstream.testing SERVICE` prints a report card of a service."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sinetstream.spi.delivery import Delivery
from sinetstream.testing import FakeBroker, Fault
from sinetstream.testing.__main__ import main
from sinetstream.testing.service import Service

PASSWORD = "open-sesame-42"


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with FakeBroker(abilities=()) as broker:
        yield broker


def configuration(tmp_path: Path, broker: FakeBroker, **more: str) -> str:
    lines = "".join(f"    {name}: {value}\n" for name, value in more.items())
    file = tmp_path / "config.yml"
    file.write_text(f"header: {{version: 3}}\nconfig:\n  lab:\n    type: {broker.type}\n    topic: readings\n{lines}")
    return f"--config={file}"


def test_it_says_what_is_kept_and_what_is_refused(
    tmp_path: Path, broker: FakeBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["lab", configuration(tmp_path, broker, value_type="json"), "-k", "once_delivers"])

    out = capsys.readouterr().out
    assert 0 == status
    assert "kept                 At most once: messages arrive, none of them twice." in out
    assert "refused as declared  Exactly once" in out
    assert "3 kept, 6 refused as declared" in out


def test_each_test_has_a_topic_that_begins_with_the_services(tmp_path: Path, broker: FakeBroker) -> None:
    main(["lab", configuration(tmp_path, broker), "-k", "one_byte or empty_message"])

    topics = {record.topic for record in broker.published}
    assert len(topics) == 2
    assert all(topic.startswith("readings-") for topic in topics)


def test_it_uses_one_topic_where_it_is_told_to(tmp_path: Path, broker: FakeBroker) -> None:
    select = "nothing_is_lost or nothing_comes_twice or topics_are_kept_apart"

    assert 0 == main(["lab", configuration(tmp_path, broker), "--topic=only", "-k", select])
    assert {"only"} == {record.topic for record in broker.published}


def test_what_is_broken_fails_with_its_evidence_in_every_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "card.json", tmp_path / "card.html"]
    with FakeBroker(Fault.DROP) as broker:
        options = [configuration(tmp_path, broker), "--patience=1", "-k", "nothing_is_lost"]
        status = main(["lab", *options, f"--json={files[0]}", f"--html={files[1]}"])

    card = json.loads(files[0].read_text())
    assert 1 == status
    assert {"BROKEN": 1} == card["counts"]
    assert card["promises"][0]["test"] == "test_nothing_is_lost"
    for text in (capsys.readouterr().out, card["promises"][0]["detail"], files[1].read_text()):
        assert "7 of 31 messages lost" in text


def test_no_secret_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_file, html_file = tmp_path / "card.json", tmp_path / "card.html"
    with FakeBroker(Fault.LOG_SECRETS, abilities=()) as broker:
        options = [
            configuration(tmp_path, broker, data_encryption="true", crypto=f"{{password: {PASSWORD}}}"),
            "-k",
            "secret or lost",
        ]
        main(["lab", *options, f"--json={json_file}", f"--html={html_file}"])

    captured = capsys.readouterr()
    for text in (captured.out, captured.err, json_file.read_text(), html_file.read_text()):
        assert PASSWORD not in text


def test_a_service_that_cannot_be_tried_is_told_apart_from_a_broken_one(
    tmp_path: Path, broker: FakeBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configuration(tmp_path, broker)

    assert 2 == main(["lob", file])
    assert "lob" in capsys.readouterr().err
    assert 2 == main(["lab", file, "-k", "no_such_test"])
    assert 2 == main(["lab", file, "-k", "(("])


def test_a_broker_that_is_not_reached_has_broken_nothing(
    tmp_path: Path, broker: FakeBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["lab", configuration(tmp_path, broker, type_spec="{reach: nobody}")])
    assert "ConnectionError" in capsys.readouterr().err


def test_where_one_service_cannot_do_both_another_one_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeBroker() as broker:
        file = configuration(tmp_path, broker, type_spec="{subscription: mine}")
        with Path(file.partition("=")[2]).open("a") as text:
            text.write(f"  out:\n    type: {broker.type}\n    topic: readings\n")

        assert 2 == main(["lab", file])
        assert "type_spec.subscription: is an option of readers" in capsys.readouterr().err
        assert 0 == main(["lab", file, "--writer=out", "-k", "one_byte"])


def test_a_topic_that_cannot_be_written_to_is_no_prefix(tmp_path: Path, broker: FakeBroker) -> None:
    file = configuration(tmp_path, broker)
    text = Path(file.partition("=")[2])
    text.write_text(text.read_text().replace("topic: readings", 'topic: "sensors/+/temp"'))

    assert 0 == main(["lab", file, "-k", "one_byte"])
    assert not any("sensors" in record.topic for record in broker.published)


CLASSIC = "{algorithm: AES, key_length: 128, mode: EAX, password: open-sesame-42}"


@pytest.mark.parametrize(
    "own", [{"on_invalid": "skip"}, {"crypto": CLASSIC, "data_encryption": "true"}], ids=["on_invalid", "crypto"]
)
def test_what_a_service_asks_for_does_not_mislead_the_kit(
    tmp_path: Path, broker: FakeBroker, capsys: pytest.CaptureFixture[str], own: dict[str, str]
) -> None:
    options = [configuration(tmp_path, broker, **own), "--patience=2", "-k", "garbage or refused or json or errors"]

    assert 0 == main(["lab", *options]), capsys.readouterr().out


def test_each_test_is_told_of_when_it_is_over(
    tmp_path: Path, broker: FakeBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["lab", configuration(tmp_path, broker), "-k", "one_byte"])

    assert "delivery: test_one_byte_arrives: kept\n" == capsys.readouterr().err


def test_ctrl_c_keeps_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(FakeBroker):
        def confirm(self, delivery: Delivery[int], number: int) -> None:
            if len(self.published) > 4:
                raise KeyboardInterrupt
            super().confirm(delivery, number)

    with Interrupted(abilities=()) as broker:
        status = main(["lab", configuration(tmp_path, broker), "-k", "a_message_arrives"])

    assert 130 == status
    assert "1 kept" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_said_before_anything_is_tried(tmp_path: Path, broker: FakeBroker) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["lab", configuration(tmp_path, broker), f"--json={tmp_path / 'none' / 'card.json'}"])

    assert 2 == stopped.value.code
    assert [] == broker.published


def test_short_secrets_are_secrets_too(tmp_path: Path, broker: FakeBroker) -> None:
    file = configuration(tmp_path, broker, data_encryption="true", crypto="{password: abc}").partition("=")[2]

    assert {"abc"} == set(Service("lab", config_file=file).secrets)


def test_without_pytest_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['pytest'] = None; import sinetstream.testing"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert 'ImportError: sinetstream.testing needs pytest: pip install "sinetstream-core[testing]"' in result.stderr


def test_the_users_pytest_configuration_is_not_read(
    tmp_path: Path, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")

    assert 0 == main(["lab", configuration(tmp_path, broker), "-k", "one_byte"])
    assert not list(tmp_path.glob(".pytest_cache"))
