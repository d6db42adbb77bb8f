"""A real IMAP server (Dovecot) on loopback, in a folder of its own; `None` of it where the program is not installed."""

from __future__ import annotations

import imaplib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAM = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)
NOBODY = 65534
CONF = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{root}/mail
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}
}}
"""


@contextmanager
def running() -> Iterator[int]:
    """Its port; any user, password "secret"."""
    assert PROGRAM is not None
    is_root = os.getuid() == 0
    uid, gid = (NOBODY, NOBODY) if is_root else (os.getuid(), os.getgid())
    root = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if is_root:
        os.chown(root, uid, gid)
    names = ("nobody", "nogroup") if is_root else (Path("/proc/self").owner(), Path("/proc/self").group())
    conf = root / "dovecot.conf"
    conf.write_text(CONF.format(root=root, port=port, uid=uid, gid=gid, user=names[0], group=names[1]))
    process = subprocess.Popen([PROGRAM, "-F", "-c", str(conf)])
    try:
        _wait(port, root)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(root, ignore_errors=True)


def _wait(port: int, root: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with suppress(OSError, imaplib.IMAP4.error):
            line = imaplib.IMAP4("127.0.0.1", port, timeout=2)
            line.logout()
            return
        time.sleep(0.1)
    log = root / "log"
    raise RuntimeError(log.read_text() if log.exists() else "Dovecot does not answer")


def put(port: int, *mails: bytes) -> None:
    """Lay mails into the inbox."""
    line = imaplib.IMAP4("127.0.0.1", port, timeout=5)
    line.login("help", "secret")
    for raw in mails:
        line.append("INBOX", None, None, raw)  # type: ignore[arg-type]
    line.logout()
