"""Disks in memory (tmpfs) that are full or read-only, mounted in a name space of their own (`unshare`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path


def has_disks() -> bool:
    """Whether this process may mount a disk, in a name space of its own."""
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return shutil.which("unshare") is not None and not subprocess.run(command, capture_output=True).returncode


def mount(*arguments: object) -> None:
    """Run the command of that name. Raises CalledProcessError."""
    subprocess.run(["mount", *map(str, arguments)], check=True)


def leave_room(disk: Path, size: int) -> None:
    """Make a disk no larger than what is used and so many bytes more; fewer than 0 count as none."""
    for attempt in range(3):
        try:
            return mount("-o", f"remount,size={max(1, (_used(disk) + max(size, 0)) // 4096) * 4096}", disk)
        except subprocess.CalledProcessError:  # a process that has been stopped still wrote something
            if attempt == 2:
                raise
            time.sleep(1)


def _used(folder: Path) -> int:
    """Bytes of the blocks of files and folders on a disk."""
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize
