"""The styleguide beside its kept picture, in both themes and three densities: what nobody meant to change has not changed.

The pictures in `looks/` are an eighth as wide as the page, so that a pixel is an area, not an edge of a letter. After a
change that was meant, look at the page and renew them: `RENEW_LOOKS=1 make test-browser` writes them anew.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from servicedesk import clock
from tests.actors import NINE

pytestmark = pytest.mark.browser
LOOKS = Path(__file__).parent / "looks"
FONTS = LOOKS / "fonts.json"
RENEW = bool(os.environ.get("RENEW_LOOKS"))
CHANGED_MOST = 0.001  # of all pixels
ALIKE = 24  # of 255, in every channel
FREEZE = "*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important }"
SMALLER = """async shot => { const image = new Image(); image.src = shot; await image.decode();
  const canvas = document.createElement('canvas'); canvas.width = 160; canvas.height = Math.round(image.height * 160 / image.width);
  const pen = canvas.getContext('2d'); pen.imageSmoothingQuality = 'high'; pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png') }"""
COMPARED = """async ([a, b, alike]) => { const read = async source => { const image = new Image(); image.src = source; await image.decode();
    const canvas = document.createElement('canvas'); canvas.width = image.width; canvas.height = image.height;
    const pen = canvas.getContext('2d'); pen.drawImage(image, 0, 0); return pen.getImageData(0, 0, image.width, image.height) };
  const [one, two] = [await read(a), await read(b)];
  if (one.width !== two.width || one.height !== two.height) return 1;
  let other = 0;
  for (let at = 0; at < one.data.length; at += 4)
    other += [0, 1, 2].some(channel => Math.abs(one.data[at + channel] - two.data[at + channel]) > alike);
  return other / (one.width * one.height) }"""
WIDTHS = """() => ['system-ui', 'sans-serif', 'monospace'].map(font => { const pen = document.createElement('canvas').getContext('2d');
  pen.font = '100px ' + font; return Math.round(pen.measureText('Servicedesk 0123').width) })"""


def as_url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


@pytest.fixture
def table(chromium: Browser) -> Any:
    """A blank page on which pictures are laid side by side; skips where letters are drawn by other fonts than the kept ones."""
    page = chromium.new_page()
    fonts = page.evaluate(WIDTHS)
    if RENEW:
        FONTS.write_text(json.dumps(fonts) + "\n")
    elif fonts != json.loads(FONTS.read_text()):
        pytest.skip("this machine draws letters with other fonts than the kept pictures")
    yield page
    page.close()


@pytest.fixture
def guide(live_server: Any, settings: Any, tmp_path: Path) -> str:
    settings.STYLEGUIDE = True
    settings.CLOCK_FILE = tmp_path / "clock"
    clock._shared.cache_clear()
    clock.move_to(NINE)
    return f"{live_server.url}/styleguide/"


@pytest.mark.parametrize("density", ["compact", "usual", "relaxed"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_component_looks_as_it_did(open_page: Any, guide: str, table: Any, theme: str, density: str) -> None:
    page = open_page(f"{guide}?theme={theme}&density={density}", color_scheme=theme, bypass_csp=True)
    page.add_style_tag(content=FREEZE)
    shot = table.evaluate(SMALLER, as_url(page.screenshot(full_page=True)))
    kept = LOOKS / f"styleguide-{theme}-{density}.png"
    if RENEW:
        kept.write_bytes(base64.b64decode(shot.partition(",")[2]))
    changed = table.evaluate(COMPARED, [shot, as_url(kept.read_bytes()), ALIKE])
    assert changed <= CHANGED_MOST, f"{changed:.2%} of {kept.name} looks otherwise; when that is meant: RENEW_LOOKS=1 make test-browser"
