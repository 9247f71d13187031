"""Settings of the page and its HTTP interface."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from pgfa.config.settings import Settings


class ServeSettings(Settings):
    """The page and its HTTP interface (`pgfa serve`): where the server listens, and its limits."""

    model_config = ConfigDict(populate_by_name=True)

    host: str = "127.0.0.1"
    """Address to listen on. The default accepts connections from this machine only."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    """Port to listen on; 0 picks a free one."""
    # The alias gives the command line --allowed-host, which is repeated for each host.
    allowed_hosts: Annotated[tuple[str, ...], Field(alias="allowed_host")] = ()
    """Host names that clients may use, in addition to localhost and IP addresses."""
    max_file_bytes: Annotated[int, Field(ge=1)] = 64 * 1024**2
    """Maximum size of an upload, in bytes."""
    max_message_bytes: Annotated[int, Field(ge=1)] = 256 * 1024
    """Maximum size of a JSON request, in bytes."""
    max_upload_seconds: Annotated[float, Field(gt=0)] = 120
    """Maximum time to receive the body of one request, in seconds."""
    max_read_seconds: Annotated[float, Field(gt=0)] = 30
    """Maximum time to read one uploaded file, in seconds; a zip counts as one file."""
    max_frames: Annotated[int, Field(ge=1)] = 60_000
    """Maximum number of frames in a recording."""
    max_seconds: Annotated[float, Field(gt=0)] = 1_800
    """Maximum length of a recording, in seconds."""
    max_bodies: Annotated[int, Field(ge=1)] = 8
    """Maximum number of body slots in a recording."""
    max_windows: Annotated[int, Field(ge=1)] = 2_000
    """Maximum number of windows over all bodies of a recording; longer recordings get fewer windows per second."""
    max_sentences: Annotated[int, Field(ge=1)] = 50
    """Maximum number of sentences per request, and of taught classes per session."""
    max_characters: Annotated[int, Field(ge=1)] = 300
    """Maximum number of characters in a sentence or class name."""
    max_clips: Annotated[int, Field(ge=1)] = 200
    """Maximum number of clips per session."""
    max_session_bytes: Annotated[int, Field(ge=1)] = 256 * 1024**2
    """Maximum size of the joint positions held for a session, in bytes."""
    max_sessions: Annotated[int, Field(ge=1)] = 8
    """Maximum number of open sessions. A new one replaces the longest idle one, if that has been idle for a minute."""
    session_idle_seconds: Annotated[float, Field(gt=0)] = 2 * 3600
    """Idle time after which a session is deleted, in seconds."""
    max_queued: Annotated[int, Field(ge=1)] = 16
    """Maximum number of requests that use the recogniser or wait for it, half of them long; others are refused."""
    max_live: Annotated[int, Field(ge=1)] = 4
    """Maximum number of WebSockets with live frames."""
