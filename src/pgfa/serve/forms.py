"""The file of an upload: the body of the request, or the file of a form, as `curl -F file=@NAME` sends it."""

from __future__ import annotations

from email.message import Message

from starlette.requests import Request

from pgfa.serve.errors import ApiError


async def uploaded_file(request: Request, name: str, default: str) -> tuple[str, bytes]:
    """The name and the bytes of the uploaded file.

    Args:
        request: its body is the file, or a form (multipart/form-data) that contains it.
        name: as the address gives it; of a form, the name of its file counts where this is `default`.
        default: the name of a file that was not named.

    Raises:
        ApiError: 422 for a form without a file, or with several.
    """
    content = await request.body()
    parts = form_parts(request.headers.get("content-type", ""), content)
    if parts is None:
        return name, content
    files = [(filename, body) for header, body in parts if (filename := header.get_filename()) is not None]
    if len(files) == 1:
        ((filename, body),) = files
        return (filename[:300] or default if name == default else name), body
    raise ApiError(
        422,
        "BadRequest",
        expected="a form with one file, or the bytes of the file",
        found=f"a form with {len(files)} files" if files else "a form without a file",
        where="request body",
        advice="with curl: -F file=@NAME or --data-binary @NAME; several files as a zip",
    )


async def form_texts(request: Request, field: str) -> list[str]:
    """The texts of a field that a form may repeat, as ``curl -F field=TEXT`` sends them; none of any other body."""
    parts = form_parts(request.headers.get("content-type", ""), await request.body()) or []
    return [
        content.decode("utf-8", "replace")
        for header, content in parts
        if header.get_filename() is None and header.get_param("name", header="content-disposition") == field
    ]


def form_parts(content_type: str, body: bytes) -> list[tuple[Message, bytes]] | None:
    """The parts of a form (multipart/form-data), each with its content-disposition; None for any other body."""
    header = _message("content-type", content_type)
    if header.get_content_type() != "multipart/form-data":
        return None
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        return []
    parts = []
    for part in body.split(b"--" + boundary.encode("latin-1", "replace"))[1:]:
        head, separator, content = part.partition(b"\r\n\r\n")
        if separator:
            parts.append((_disposition(head), content.removesuffix(b"\r\n")))
    return parts


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
