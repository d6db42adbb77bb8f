"""One message by Apprise, in a process of its own: run as a script, one JSON object in, lines of JSON out.

Once the library is read, this process starts no program, writes no file, reads none but the library's own and the
certificates, and connects to no private address that is not named: whatever an address or a plug-in asks for.
"""

from __future__ import annotations

import importlib.util
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import ModuleType
from typing import Any

import apprise

STARTS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.", "ctypes.", "socket.bind", "socket.sendto")
READABLE = (sys.prefix, sys.base_prefix, "/usr/lib", "/usr/share", "/etc/ssl", "/etc/pki", "/etc/mime.types", "/etc/localtime", "/dev/null")
STATUS = re.compile(r"error=(\d{3})")
PIECES = re.compile(r"[^\w.-]+")


def main() -> None:
    """Says `begun` before anything leaves, then what came of it: ok, the service's name, the last complaint, its status."""
    asked = json.loads(sys.stdin.read())
    heard = io.StringIO()
    log = logging.getLogger("apprise")
    log.addHandler(logging.StreamHandler(heard))
    log.setLevel(logging.WARNING)
    log.propagate = False
    targets = _targets()
    allow = [(ip_network(network), port) for network, port in asked["allow"]]
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False, plugin_paths=[])
    apprise.Apprise(asset=asset).details()  # reads every plug-in, while it still may
    sys.addaudithook(_guard(lambda host, port: bool(targets.is_allowed(ip_address(host), port, allow))))
    service = apprise.Apprise.instantiate(asked["url"], asset=asset)
    name = str(getattr(service, "service_name", "") or type(service).__name__)
    if service is None or not asked["send"]:
        _say(ok=service is not None, name=name)
        return
    _say(begun=True)
    is_ok = bool(service.notify(title=asked["title"], body=asked["body"], notify_type=apprise.NotifyType.WARNING))
    said = heard.getvalue().strip().rpartition("\n")[2]
    status = STATUS.search(said)
    _say(ok=is_ok, name=name, said=_hidden(said, asked["url"]), status=int(status[1]) if status else 0)


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _hidden(said: str, url: str) -> str:
    """The complaint without pieces of the address: they are keys."""
    for piece in PIECES.split(url.partition("://")[2]):
        said = said.replace(piece, "•••") if len(piece) > 4 else said
    return said


def _guard(is_allowed: Callable[[str, int], bool]) -> Callable[[str, tuple[Any, ...]], None]:
    readable = tuple(os.path.realpath(path) for path in READABLE)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith(STARTS):
            raise PermissionError(f"{event} is not done here")
        if event == "socket.connect":
            host, port = args[1][:2] if isinstance(args[1], tuple) else ("", 0)
            if not host or not is_allowed(str(host).partition("%")[0], int(port)):
                raise PermissionError("this address is in a private network")
        if event == "open" and not isinstance(args[0], int):
            flags = args[2] if isinstance(args[2], int) else 0
            path = os.path.realpath(os.fsdecode(args[0]))
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or not path.startswith(readable):
                raise PermissionError("files are not read here")

    return hook


def _targets() -> ModuleType:
    """servicedesk.targets alone, without the house around it."""
    spec = importlib.util.spec_from_file_location("targets", Path(__file__).resolve().parents[2] / "servicedesk" / "targets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
