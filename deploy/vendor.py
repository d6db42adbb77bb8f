"""Fetch the front-end files from npm packages and hold them to their checksums. `make vendor`; needs npm, nothing else does."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent.parent / "servicedesk" / "static" / "vendor"


class Vendored(NamedTuple):
    """One file of one package, and what it must be."""

    name: str
    package: str
    member: str
    sha256: str


FILES = (
    Vendored("htmx.min.js", "htmx.org@2.0.11", "dist/htmx.min.js", "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"),
    Vendored("htmx-LICENSE", "htmx.org@2.0.11", "LICENSE", "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38"),
    Vendored(
        "idiomorph-ext.min.js",
        "idiomorph@0.8.0",
        "dist/idiomorph-ext.min.js",
        "5811b9a7eda14878b7dab4378bf60432e1bb6f11fcfb970cc26540642650181e",
    ),
    Vendored("idiomorph-LICENSE", "idiomorph@0.8.0", "LICENSE", "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38"),
    # the icons in icons.svg are drawn from this set
    Vendored("lucide-LICENSE", "lucide-static@1.62.0", "LICENSE", "b495047bd93a9b06913511076f504daba17d5bbeb3e0650f3bb53a4220329c57"),
)


def fetch(package: str, folder: Path) -> tarfile.TarFile:
    """The package's archive, downloaded into `folder`."""
    told = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True)
    return tarfile.open(folder / told.stdout.split()[-1])


def read(archive: tarfile.TarFile, member: str) -> bytes:
    file = archive.extractfile(f"package/{member}")
    if file is None:
        raise FileNotFoundError(member)
    return file.read()


def main() -> int:
    """Write each file whose checksum is right; 1 when one is not."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        archives = {package: fetch(package, Path(folder)) for package in {one.package for one in FILES}}
        for one in FILES:
            content = read(archives[one.package], one.member)
            right = hashlib.sha256(content).hexdigest() == one.sha256
            wrong += not right
            if right:
                (FOLDER / one.name).write_bytes(content)
            print(f"{one.name}: {one.package} {'as expected' if right else 'is not what its checksum says; left as it was'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
