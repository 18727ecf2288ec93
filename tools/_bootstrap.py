"""Run hatch on this checkout, with its environment in step with every package's pyproject.toml."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / ".hatch"
ENVIRONMENT = HERE / "venv"  # the `path` in hatch.toml
STAMP = HERE / "synced.json"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def wanted() -> dict[str, Any]:
    """What the environment depends on: where it is (scripts carry absolute paths) and what the files say."""
    files = [ROOT / "hatch.toml", *sorted(ROOT.glob("packages/*/pyproject.toml"))]
    return {
        "place": [str(ROOT), sys.version, sys.base_prefix],
        "files": {str(file.relative_to(ROOT)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
    }


def found() -> dict[str, Any] | None:
    try:
        stamp: dict[str, Any] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return None
    return stamp if ENVIRONMENT.exists() else None


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold a lock that the system drops when its process ends, however it ends."""
    with (HERE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another tools/hatch to finish its set-up ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def settle() -> None:
    """Hatch's own state goes into the checkout; settings of the user's other hatch projects stay out of it."""
    (HERE / "config.toml").touch()
    for name in [name for name in os.environ if name.startswith("HATCH_ENV")] + ["HATCH_PROJECT"]:
        os.environ.pop(name, None)
    os.environ |= {
        "HATCH_CONFIG": str(HERE / "config.toml"),
        "HATCH_DATA_DIR": str(HERE / "data"),
        "HATCH_CACHE_DIR": str(HERE / "cache"),
        "HATCH_PYTHON": "self",
        "UV_NO_SOURCES": "1",  # or uv looks for a workspace above the checkout
    }
    os.environ.setdefault("UV_SYSTEM_CERTS", "1")  # as pip does: a company's proxy has its own certificate
    os.environ.setdefault("UV_CACHE_DIR", str(HERE / "cache" / "uv"))
    if (HERE / "uv.toml").exists():
        os.environ.setdefault("UV_CONFIG_FILE", str(HERE / "uv.toml"))
    if "PIP_CERT" in os.environ:
        os.environ.setdefault("SSL_CERT_FILE", os.environ["PIP_CERT"])


def tell_uv_what_pip_knows() -> None:
    """Pip's configured index (a mirror, say) serves uv too, which does not read pip's configuration."""
    listing = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    settings = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        settings[key.rpartition(".")[2]] = value.strip("'\"").replace("\\n", " ").split()
    lines = [f"index-url = {json.dumps(settings['index-url'][0])}"] if settings.get("index-url") else []
    lines += [f"{key} = {json.dumps(settings[key])}" for key in ("extra-index-url", "find-links") if settings.get(key)]
    file = HERE / "uv.toml"
    file.unlink(missing_ok=True)
    if lines:
        file.touch(mode=0o600)  # an index address may carry a password
        file.write_text("\n".join(lines) + "\n")


def synchronise() -> None:
    """Make or renew the environment. Hatch notices new members and dependencies, not changed entry points."""
    before, now = found(), wanted()
    if before == now:
        return
    STAMP.unlink(missing_ok=True)  # without it the environment is not trusted, so an interruption is harmless
    renew = before is not None and before["place"] == now["place"] and before["files"].keys() <= now["files"].keys()
    say(f"{'Updating' if renew else 'Making'} the environment in .hatch/venv (a quarter of a minute or less) ...")
    if not renew:
        for folder in (ENVIRONMENT, HERE / "data"):
            shutil.rmtree(folder, ignore_errors=True)
    tell_uv_what_pip_knows()
    settle()
    steps = [[sys.executable, __file__, "--hatch", "run", "python", "-c", ""]]
    if renew:
        folders = [str(ROOT / file.removesuffix("/pyproject.toml")) for file in now["files"] if "/" in file]
        editable = [part for folder in folders for part in ("--editable", folder)]
        steps.append(
            [sys.executable, "-m", "uv", "pip", "install", "-q", "-p", str(ENVIRONMENT), "--no-deps", *editable]
        )
    for step in steps:
        if code := subprocess.call(step, stdout=sys.stderr):
            say("tools/hatch: the set-up failed (see above). Run the same command again when the cause is gone.")
            raise SystemExit(code)
    partial = STAMP.with_suffix(".new")
    partial.write_text(json.dumps(now))
    partial.replace(STAMP)


def run_hatch(arguments: list[str]) -> None:
    try:
        from hatch.cli import main  # noqa: PLC0415  hatch may be missing: see the except
    except ImportError:  # the machine's Python was replaced by another version
        say("tools/hatch: .hatch was made with another Python; making it again.")
        shutil.rmtree(HERE)
        os.execv(ROOT / "tools" / "hatch", ["tools/hatch", *arguments])

    sys.argv = ["hatch", *arguments]
    main()


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["--hatch"]:
            run_hatch(sys.argv[2:])
        else:
            if found() != wanted():
                with one_at_a_time():
                    synchronise()
            settle()
            run_hatch(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
