"""British dates and the 24-hour clock."""

from __future__ import annotations

DATE_FORMAT = "D j M Y"
SHORT_DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "D j M Y, H:i"
FIRST_DAY_OF_WEEK = 1
