"""What Linux lets anybody put round a process: namespaces of its own, limits, death with its parent.

Imported by the supervisor, which is a process of its own and starts with nothing but the standard library.
Every function says whether it held; on other systems none does, and nothing is raised.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence

# <linux/sched.h>, <sys/mount.h>, <linux/mount.h>, <linux/prctl.h>, <linux/capability.h>
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = -100, 0x8000, 1
SYS_MOUNT_SETATTR = 442
"""The same number on every architecture; Linux 5.12 and later."""
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 24, 36, 38
LAST_CAPABILITY = 63
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

SOCKETS = ("/run/user", "/run/dbus", "/run/docker.sock", "/run/containerd", "/run/podman")
"""Doors to programs outside that no network namespace closes, as they are files: masked."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def unshare() -> bool:
    """Enter new user, mount, process, network and IPC namespaces, all or none; children are born in them.

    The user inside is the one outside. Only a process with a single thread may do this.
    """
    rest = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
    user, group = os.geteuid(), os.getegid()
    if _libc is None:
        return False
    if _libc.unshare(CLONE_NEWUSER | rest) != 0:
        # Root where user namespaces are switched off can still have the others.
        return user == 0 and _libc.unshare(rest) == 0
    with contextlib.suppress(OSError):
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as opened:
                opened.write(line)
        return True
    return False


def loopback() -> bool:
    """Switch the loopback interface of the new network namespace on; test-suites serve themselves on it."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            flags = fcntl.ioctl(opened, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
            (now,) = struct.unpack_from("h", flags, 16)
            fcntl.ioctl(opened, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", now | IFF_UP))
    except OSError:
        return False
    return True


def only_writable(folders: Sequence[str], temporary: str) -> bool:
    """Make everything in the new mount namespace read-only except `folders`; tell whether that held.

    `temporary`, if not empty, is what programs find at /tmp. Also hides sockets of the desktop and of
    containers, and shows in /proc only the processes inside.
    """
    if not _mount(None, "/", None, MS_REC | MS_PRIVATE):
        return False
    open_to = list(folders)
    good = all([_mount(folder, folder, None, MS_BIND | MS_REC) for folder in folders])
    if temporary and _mount(temporary, "/tmp", None, MS_BIND):
        open_to.append("/tmp")
    if os.path.isdir("/dev/shm") and _mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=25%"):
        open_to.append("/dev/shm")
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for path in SOCKETS:
        if os.path.isdir(path):
            _mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV)
        elif os.path.exists(path):
            _mount("/dev/null", path, None, MS_BIND)
    good = good and _mount_attributes("/", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0)
    return good and all([_mount_attributes(path, 0, 0, MOUNT_ATTR_RDONLY) for path in open_to])


def adopt_orphans() -> bool:
    """Have descendants whose parent ended become this process's children, so that none gets away."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> bool:
    return _prctl(PR_SET_PDEATHSIG, number)


def give_up_rights() -> None:
    """Gain nothing by set-user-id programs, and, for a root inside, have none of root's rights after exec."""
    if _libc is None:
        return
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(LAST_CAPABILITY + 1):
        if not _prctl(PR_CAPBSET_DROP, capability):
            break


def _prctl(option: int, value: int) -> bool:
    return _libc is not None and _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> bool:
    if _libc is None:
        return False
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    return _libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]) == 0


def _mount_attributes(path: str, flags: int, wanted: int, unwanted: int) -> bool:
    if _libc is None:
        return False
    attributes = struct.pack("QQQQ", wanted, unwanted, 0, 0)
    call = [ctypes.c_long(SYS_MOUNT_SETATTR), AT_FDCWD, os.fsencode(path), ctypes.c_uint(flags)]
    return _libc.syscall(*call, attributes, ctypes.c_size_t(len(attributes))) == 0
