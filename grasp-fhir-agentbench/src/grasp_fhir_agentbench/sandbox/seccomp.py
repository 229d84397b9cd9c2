"""A system call filter that this process puts on itself and can never take off.

Standalone: imported by ``child`` without the rest of the package.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

#: Calls that a running interpreter needs: memory, time, and the descriptors it already has.
#: Each with its number on x86-64 and on arm64; ``None`` where there is no such call.
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "select": (23, None),  # How Python 3.10 sleeps.
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "time": (201, None),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "pselect6": (270, 72),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
#: Machine -> (column above, the kernel's name of the architecture).
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # Refused: EPERM.
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2


def supported() -> bool:
    """Whether there is a filter for this machine."""
    return sys.platform == "linux" and platform.machine() in _MACHINES and sys.maxsize > 2**32


def program(machine: str) -> list[tuple[int, int, int, int]]:
    """Return the filter's instructions: code, jump if true, jump if false, operand.

    Numbers of x32, the third ABI of x86-64, are refused with all that aren't named.
    """
    column, architecture = _MACHINES[machine]
    numbers = [n for n in (row[column] for row in _ALLOWED.values()) if n is not None]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    lines += [(_JUMP_EQUAL, len(numbers) - i, 0, n) for i, n in enumerate(numbers)]
    return [*lines, (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]


def confine() -> None:
    """Allow only the calls above from now on.

    Raises:
        OSError: The kernel refuses, or the machine is none of those known.
    """
    if not supported():
        raise OSError("no system call filter for this platform")
    packed = b"".join(struct.pack("HBBI", *line) for line in program(platform.machine()))
    instructions = ctypes.create_string_buffer(packed)
    header = struct.pack("HxxxxxxP", len(packed) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), header, zero, zero):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")
