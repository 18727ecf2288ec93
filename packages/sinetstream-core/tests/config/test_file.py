"""Where a configuration is found, and what its versions look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sinetstream import config
from sinetstream.errors import InvalidArgumentError, InvalidConfigError, NoConfigError, NoServiceError
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]


def find(config_file: Any = None, service: Any = None, **more: Any) -> Any:
    given = {"config": None, "no_config": False, "kwargs": {}, **more}
    return config.load(
        role="reader",
        service=service,
        topics=None,
        config_file=config_file,
        plugin_parameters=lambda _: frozenset(),
        **given,
    )


def write(path: Path, service: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"header: {{version: 3}}\nconfig: {{{service}: {{type: queue}}}}\n")
    return path


def test_the_named_file_comes_first_then_the_directory_then_the_home(home: Path) -> None:
    named, here = write(home / "named.yml", "named"), write(Path(".sinetstream_config.yml"), "here")
    write(home / ".config/sinetstream/config.yml", "at_home")

    assert find(named).service == "named"
    assert find("~/named.yml").service == "named"
    assert find().service == "here"
    here.unlink()
    assert find().service == "at_home"


def test_without_any_file_the_error_says_where_it_looked(home: Path) -> None:
    with pytest.raises(NoConfigError) as caught:
        find()

    assert ".sinetstream_config.yml" in str(caught.value)
    assert str(home / ".config/sinetstream/config.yml") in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "a: [1\n"])
def test_an_empty_or_broken_file_is_not_skipped_for_the_next(home: Path, text: str) -> None:
    Path(".sinetstream_config.yml").write_text(text)
    write(home / ".config/sinetstream/config.yml", "at_home")

    with pytest.raises(InvalidConfigError, match=r"\.sinetstream_config\.yml:\d+:\d+: "):
        find()


def test_a_missing_named_file_is_not_replaced_by_another() -> None:
    write(Path(".sinetstream_config.yml"), "here")

    with pytest.raises(NoConfigError, match=r"elsewhere\.yml"):
        find("elsewhere.yml")


def test_a_directory_is_no_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(NoConfigError, match="directory"):
        find(tmp_path)


def test_an_unreadable_file_says_why() -> None:
    Path("loop.yml").symlink_to("loop.yml")

    with pytest.raises(NoConfigError, match="symbolic links"):
        find("loop.yml")


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "~nobody-of-that-name/x.yml", "\ud800"])
def test_an_impossible_path_is_no_configuration(path: str) -> None:
    with pytest.raises(NoConfigError):
        find(path)


@pytest.mark.parametrize("path", [3, b"bytes", "", ["a"]])
def test_a_path_of_a_wrong_type_is_refused(path: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="config_file"):
        find(path)


def test_the_config_server_is_refused_with_a_way_out() -> None:
    with pytest.raises(InvalidArgumentError, match="config_file="):
        find(config="experiment")


def test_no_config_reads_nothing_and_keeps_the_service_as_a_label() -> None:
    Path(".sinetstream_config.yml").write_text("{broken")

    assert find(service="label", no_config=True, kwargs={"type": "queue"}).service == "label"


@pytest.mark.parametrize("service", [3, b"s", ["s"]])
def test_a_service_of_a_wrong_type_is_refused(service: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="service"):
        find(service=service, no_config=True)


@pytest.mark.parametrize(
    "text",
    [
        "s: {type: queue}",
        "header: {version: 2}\nconfig: {s: {type: queue}}",
        "header: {version: 3}\nconfig: {s: {type: queue}}",
        "header: {version: 3.0}\nconfig: {s: {type: queue}}",
        "header: {version: 3, fingerprint: x}\nconfig: {s: {type: queue}}",
        "header: {}\nconfig: {s: {type: queue}}",
        "header:\n#  version: 3\nconfig: {s: {type: queue}}",
        "\ufeffheader:\nconfig: {s: {type: queue}}",
        "x-common: &c {type: queue}\nheader:\nconfig: {s: *c}",
        "config: {type: queue}",
    ],
)
def test_every_version_comes_in_one_shape(load: Load, text: str) -> None:
    assert load(text).type == "queue"


@pytest.mark.parametrize("version", ["1", "4", "2.5", "'3'", "true", "[3]", ".nan"])
def test_another_version_is_refused_saying_what_is_allowed(load: Load, version: str) -> None:
    with pytest.raises(InvalidConfigError, match=r"header\.version: must be the number 2 or 3") as caught:
        load(f"header: {{version: {version}}}\nconfig: {{s: {{type: queue}}}}")

    assert caught.value.path == "header.version"


@pytest.mark.parametrize(
    "text",
    [
        "[a, b]",
        "word",
        "7",
        "{}",
        "header: 3\nconfig: {s: {type: queue}}",
        "header: {version: 3}",
        "header: {version: 3}\nconfig:",
        "header: {version: 3}\nconfig: {}",
        "header: {version: 3}\nconfig: [s]",
        "header: {version: 3}\nconfig: {1: {type: queue}}",
    ],
)
def test_a_file_of_another_structure_is_refused(load: Load, text: str) -> None:
    with pytest.raises(InvalidConfigError, match=r"given\.yml: "):
        load(text)


def test_a_misspelt_config_is_recognised(load: Load) -> None:
    with pytest.raises(InvalidConfigError, match="did you mean 'confg'"):
        load("header: {version: 3}\nconfg: {s: {type: queue}}")


def test_a_lost_header_is_recognised(load: Load) -> None:
    with pytest.raises(InvalidConfigError, match=r"header: \{version: 3\}"):
        load("config: {s: {type: queue}}")


def test_one_service_needs_no_name_and_several_do(load: Load) -> None:
    assert load("only: {type: queue}").service == "only"
    with pytest.raises(NoConfigError, match="east, west"):
        load("west: {type: queue}\neast: {type: queue}")


def test_an_unknown_service_is_told_the_nearest(load: Load) -> None:
    with pytest.raises(NoServiceError, match="did you mean 'sensors'") as caught:
        load("sensors: {type: queue}\nimages: {type: queue}", "sensor")

    assert "images, sensors" in str(caught.value)


def test_a_service_without_parameters_is_no_service(load: Load) -> None:
    with pytest.raises(NoServiceError, match=r"services\.s"):
        load("s:\nt: {type: queue}", "s")


@pytest.mark.parametrize("value", ["text", "[a]", "7"])
def test_a_service_that_is_no_mapping_is_refused(load: Load, value: str) -> None:
    with pytest.raises(InvalidConfigError, match="must be a mapping") as caught:
        load(f"s: {value}")

    assert caught.value.path == "services.s"


def test_mistakes_of_other_services_do_not_matter(load: Load) -> None:
    assert load("header:\nconfig: {s: {type: queue}, t: {type: '${UNSET}', consitency: 3}}", "s").type == "queue"
