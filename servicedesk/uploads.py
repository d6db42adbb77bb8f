"""How much may be sent as files, and the handler that keeps a larger one from filling the disk."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

LARGEST = 20 * 1024 * 1024  # bytes of one file
MOST = 10  # files of one form
WHOLE = LARGEST * MOST + 1024 * 1024  # bytes of one request


class CappedUpload(FileUploadHandler):
    """First in line: of a file that is too large no more is passed on than shows that it is; of a request beyond all bounds, nothing."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *rest: Any, **more: Any) -> None:  # noqa: N803  (Django's name)
        if content_length > WHOLE:
            raise RequestDataTooBig("The files are larger than one request may be.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= LARGEST else None

    def file_complete(self, file_size: int) -> None:
        return None
