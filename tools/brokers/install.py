"""Find, fetch or install the programs that native brokers need; where that fails, say what to install."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tools.brokers.errors import BrokerError, UnavailableError
from tools.brokers.state import HOME

__all__ = ["Say", "find_java", "kafka_jars", "kafka_version", "mosquitto", "run"]

Say = Callable[[str], None]
_POM = Path(__file__).parent / "kafka" / "pom.xml"
_JAVA_VERSION = 17
_POLICY = Path("/usr/sbin/policy-rc.d")


def run(command: Sequence[str], what: str, *, folder: Path | None = None, env: dict[str, str] | None = None) -> str:
    """What the command printed; a BrokerError with the end of it where it failed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise BrokerError(f"{what} failed with code {done.returncode}:\n{end}")
    return done.stdout


def find_java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    wanted = f"Java {_JAVA_VERSION} or newer (Debian, Ubuntu: apt install openjdk-17-jre-headless)"
    if java is None:
        raise UnavailableError(f"Kafka needs {wanted}; there is no java on PATH or in JAVA_HOME")
    version = re.search(r'version "(\d+)', run([java, "-version"], "java -version"))
    if version is None or int(version[1]) < _JAVA_VERSION:
        raise UnavailableError(f"Kafka needs {wanted}; {java} is {version[1] if version else 'unknown'}")
    return java


def kafka_version() -> str:
    found = re.search(r"<kafka.version>(.*)</kafka.version>", _POM.read_text())
    if found is None:
        raise BrokerError(f"{_POM.name} names no kafka.version")
    return found[1]


def kafka_jars(say: Say) -> Path:
    """The folder of the jars that pom.xml names; fetched by Maven the first time."""
    cache = HOME / "cache"
    fingerprint = hashlib.sha256(_POM.read_bytes()).hexdigest()[:8]
    jars = cache / f"kafka-{kafka_version()}-{fingerprint}"
    if jars.is_dir():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("Kafka's jars are fetched by Maven (Debian, Ubuntu: apt install maven); no mvn on PATH")
    say(f"Fetching Apache Kafka {kafka_version()} with Maven (about 45 MB, once) ...")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as new:
        goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={new}/jars")
        run([maven, "-B", "-ntp", "-f", str(_POM), *goal], "Maven")
        with contextlib.suppress(FileExistsError):  # another run was faster: take that one's
            (Path(new) / "jars").rename(jars)
    return jars


@contextlib.contextmanager
def _no_service() -> Iterator[None]:
    """Debian starts a service when its package is installed, unless this program says no."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def mosquitto(say: Say) -> str:
    """The path of the program; installed where we are root on Debian or one of its kind."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"))
    if found := shutil.which("mosquitto", path=path):
        return found
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise UnavailableError("Mosquitto is not installed (Debian, Ubuntu: apt install mosquitto)")
    say("Installing Debian's package mosquitto ...")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_service():
        run([apt, "update", "-q"], "apt-get update", env=quiet)
        run([apt, "install", "-q", "-y", "--no-install-recommends", "mosquitto"], "apt-get install", env=quiet)
    if found := shutil.which("mosquitto", path=path):
        return found
    raise UnavailableError("Mosquitto was installed, but is not to be found")
