from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from servicedesk.operations.start import BROKER, bundled_broker


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[str]:
    """The URL of a running broker: the bundled Valkey, or TEST_REDIS_URL where that is set."""
    if os.environ.get("TEST_REDIS_URL"):
        yield os.environ["TEST_REDIS_URL"]
        return
    with TemporaryDirectory(prefix="desk-broker-") as folder:
        path = Path(folder) / "broker.sock"
        command = [bundled_broker(), "--port", "0", "--unixsocket", str(path), "--dir", folder, "--loglevel", "warning", *BROKER]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            wait_for(f"unix://{path}")
            yield f"redis+socket://{path}"
            server.terminate()


def wait_for(url: str) -> None:
    end = time.monotonic() + 5
    with redis.Redis.from_url(url, socket_timeout=1) as client:
        while time.monotonic() < end:
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return
    pytest.fail(f"no broker answers at {url}")
