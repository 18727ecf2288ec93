"""The users in the two shapes that Mosquitto reads: a password file, and the dynamic security plugin's JSON."""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tools.brokers.users import USERS

__all__ = ["write_dynamic_security", "write_password_file"]

_ITERATIONS = 101  # as mosquitto_passwd: these passwords are published


def _hash(password: str, salt: bytes) -> str:
    return base64.b64encode(hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)).decode()


def write_password_file(file: Path) -> None:
    lines = []
    for user in USERS.values():
        salt = os.urandom(12)
        encoded = base64.b64encode(salt).decode()
        lines.append(f"{user.name}:$7${_ITERATIONS}${encoded}${_hash(user.password, salt)}\n")
    file.write_text("".join(lines))


def _role(name: str, refused: str) -> dict[str, Any]:
    rule = {"acltype": "subscribePattern", "topic": refused, "priority": 1, "allow": False}
    return {"rolename": name, "acls": [rule]}


def write_dynamic_security(file: Path) -> None:
    """Everything is allowed, but nobody subscribes under refused/, and may-not-subscribe does not at all."""
    clients = []
    for user in USERS.values():
        salt = os.urandom(12)
        role = "never" if user.name == "may-not-subscribe" else "usual"
        clients.append(
            {
                "username": user.name,
                "password": _hash(user.password, salt),
                "salt": base64.b64encode(salt).decode(),
                "iterations": _ITERATIONS,
                "roles": [{"rolename": role}],
            },
        )
    allowed = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")
    content = {
        "defaultACLAccess": dict.fromkeys(allowed, True),
        "clients": clients,
        "groups": [],
        "roles": [_role("usual", "refused/#"), _role("never", "#")],
    }
    file.write_text(json.dumps(content, indent=2))
