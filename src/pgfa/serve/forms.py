"""The body of an upload: the bytes of the file, or a form that contains it, as `curl -F file=@NAME` sends it."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from typing import Annotated

from fastapi import Depends, Request

from pgfa.serve.errors import ApiError

MAX_NAME = 300
"""Characters of the name of a file; of a longer one the first."""


@dataclass(frozen=True)
class Part:
    """A part of a form.

    Attributes:
        name: of its field.
        filename: of a file, None for a text.
        content: its bytes.
    """

    name: str
    filename: str | None
    content: bytes


@dataclass(frozen=True)
class UploadBody:
    """The body of an upload.

    Attributes:
        content: all of it.
        parts: of a form; None for any other body.
    """

    content: bytes
    parts: tuple[Part, ...] | None = None

    def texts(self, field: str) -> list[str]:
        """The texts of a field that a form may repeat, as ``curl -F field=TEXT`` sends them; none of any other body."""
        return [
            part.content.decode("utf-8", "replace")
            for part in self.parts or ()
            if part.filename is None and part.name == field
        ]

    def file(self, name: str, default: str) -> tuple[str, bytes]:
        """The name and the bytes of the uploaded file.

        Args:
            name: as the address gives it; of a form, the name of its file counts where this is `default`.
            default: the name of a file that was not named.

        Raises:
            ApiError: 422 for a form without a file, or with several.
        """
        if self.parts is None:
            return name, self.content
        files = [(part.filename, part.content) for part in self.parts if part.filename is not None]
        if len(files) == 1:
            ((filename, content),) = files
            return (filename[:MAX_NAME] or default if name == default else name), content
        raise ApiError(
            422,
            "BadRequest",
            expected="a form with one file, or the bytes of the file",
            found=f"a form with {len(files)} files" if files else "a form without a file",
            where="request body",
            advice="with curl: -F file=@NAME or --data-binary @NAME; several files as a zip",
        )


async def upload_body(request: Request) -> UploadBody:
    """The body of a request, split where it is a form. A dependency, so that this happens once per request."""
    content = await request.body()
    return UploadBody(content, form_parts(request.headers.get("content-type", ""), content))


Body = Annotated[UploadBody, Depends(upload_body)]


def form_parts(content_type: str, body: bytes) -> tuple[Part, ...] | None:
    """The parts of a form (multipart/form-data); None for any other body."""
    header = _message("content-type", content_type)
    if header.get_content_type() != "multipart/form-data":
        return None
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        return ()
    parts = []
    for part in body.split(b"--" + boundary.encode("latin-1", "replace"))[1:]:
        head, separator, content = part.partition(b"\r\n\r\n")
        if separator:
            disposition = _disposition(head)
            name = disposition.get_param("name", header="content-disposition")
            parts.append(
                Part(
                    name if isinstance(name, str) else "",
                    disposition.get_filename(),
                    content.removesuffix(b"\r\n"),
                )
            )
    return tuple(parts)


def _disposition(head: bytes) -> Message:
    """A message with the content-disposition of a part, if it has one."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return _message("content-disposition", value.strip())
    return Message()


def _message(header: str, value: str) -> Message:
    message = Message()
    message[header] = value
    return message
