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
        ApiError: 422 for a form without a file.
    """
    content = await request.body()
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if header.get_content_type() != "multipart/form-data":
        return name, content
    boundary = header.get_param("boundary")
    if isinstance(boundary, str) and boundary:
        for part in content.split(b"--" + boundary.encode("latin-1", "replace"))[1:]:
            head, separator, body = part.partition(b"\r\n\r\n")
            filename = _filename(head)
            if separator and filename is not None:
                return (filename[:300] or default if name == default else name), body.removesuffix(b"\r\n")
    raise ApiError(
        422,
        "BadRequest",
        expected="a form with a file, or the bytes of the file",
        found="a form without a file",
        where="request body",
        advice="with curl: -F file=@NAME or --data-binary @NAME",
    )


def _filename(head: bytes) -> str | None:
    """The file name of a part of a form, or None if the part is no file."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            header = Message()
            header["content-disposition"] = value.strip()
            return header.get_filename()
    return None
