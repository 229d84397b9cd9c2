"""Process 1 of a sandbox: makes its file system, then waits for its end.

Runs alone (``python -I inside.py JSON``) in new namespaces, with the standard library only. It
ends when standard input does, so the sandbox dies however its maker dies.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from functools import lru_cache

_RDONLY, _NOSUID, _NODEV, _NOEXEC, _BIND, _REC = 1, 2, 4, 8, 4096, 16384
_REMOUNT, _PRIVATE, _DETACH = 32, 1 << 18, 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

#: Name -> lines of files that programs look for.
SETTINGS = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "bin:x:2:2:bin:/bin:/usr/sbin/nologin\nmail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\n"
    "mail:x:8:\nnews:x:9:\nman:x:12:\ncdrom:x:24:\nsudo:x:27:\naudio:x:29:\nwww-data:x:33:\n"
    "backup:x:34:\nsrc:x:40:\nshadow:x:42:\nvideo:x:44:\nstaff:x:50:\ngames:x:60:\nusers:x:100:\n"
    "nogroup:x:65534:\n",
    "shadow": "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
    "gshadow": "root:*::\n",
    "hostname": "os\n",
    "hosts": "127.0.0.1 localhost os\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
    "shells": "/bin/sh\n/bin/bash\n/usr/bin/bash\n",
    "os-release": 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04 LTS"\n',
    "profile": "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    "umask 022\n",
    "login.defs": "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nCREATE_HOME no\n"
    "USERGROUPS_ENAB yes\nENCRYPT_METHOD SHA512\n",
    "sudoers": "root ALL=(ALL:ALL) ALL\n",
}
_PAM = "auth sufficient pam_rootok.so\nauth sufficient pam_permit.so\n" \
    "account sufficient pam_permit.so\npassword sufficient pam_permit.so\n" \
    "session sufficient pam_permit.so\n"  # fmt: skip
#: Folders of a machine, besides those of its kernel.
FOLDERS = ("usr", "etc", "home", "var", "run", "opt", "srv", "mnt", "media", "sys", "boot",
           "var/log", "var/lib", "var/mail", "var/cache", "var/spool", "var/run")  # fmt: skip
STICKY = ("tmp", "var/tmp")
#: Links to programs, or folders of them where ``/usr`` is not merged.
LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
#: Folders of /usr/local, where nothing of the host's is shown.
LOCAL = ("bin", "sbin", "lib", "share", "etc", "include", "src", "games")
#: What of the host's /etc holds no secrets and is needed to run its programs.
FROM_HOST = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "mime.types", "magic")


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, result: int) -> None:
    if result:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    """Mount a file system."""
    result = _libc().mount(
        source.encode(), target.encode(), kind.encode(), flags, data.encode() or None
    )
    _call(f"mount {target}", result)


def bind(source: str, target: str) -> None:
    """Show a folder or file of the host, read-only."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        open(target, "a").close()
    mount(source, target, "none", _BIND | _REC)
    flags = _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV
    try:
        mount("none", target, "none", flags)
    except OSError:  # What the host mounted otherwise keeps its flags.
        mount("none", target, "none", flags | _NOEXEC)


def overlay(source: str, target: str, work: str) -> None:
    """Show a folder of the host that can be written to, without changing it."""
    os.makedirs(target, exist_ok=True)
    upper, lower = os.path.join(work, "upper"), os.path.join(work, "work")
    os.makedirs(upper)
    os.makedirs(lower)
    options = f"lowerdir={source},upperdir={upper},workdir={lower}"
    try:  # Else a folder of the host's could be emptied, but not removed.
        mount("overlay", target, "overlay", _NODEV, f"{options},userxattr")
    except OSError:  # An older kernel, by which distributions allow it all the same.
        mount("overlay", target, "overlay", _NODEV, options)


def build_of_image(root: str, image: int) -> str:
    """Make a file system of an image's, given by a descriptor; return where it is."""
    whole = os.path.join(root, "whole")
    overlay(f"/proc/self/fd/{image}", whole, root)
    for name in ("dev", "proc"):
        os.makedirs(os.path.join(whole, name), exist_ok=True)
    # What an image has of devices is in the way.
    os.makedirs(os.path.join(root, "dev"))
    mount(os.path.join(root, "dev"), os.path.join(whole, "dev"), "none", _BIND)
    return whole


def build_of_host(root: str, unreadable: list[str]) -> str:
    """Make a file system with the host's programs; return where it is."""
    for name in (*FOLDERS, *STICKY, "root", "dev", "proc", ".work"):
        os.makedirs(os.path.join(root, name))
    os.chmod(os.path.join(root, "root"), 0o700)
    for name in STICKY:
        os.chmod(os.path.join(root, name), 0o1777)
    for path, text in logs().items():
        with open(os.path.join(root, path), "w") as file:
            file.write(text)
    _programs(root)
    for folder in unreadable:  # Else searching for anything would end in errors.
        cover(root + folder)
    _settings(os.path.join(root, "etc"))
    return root


def build_of_kernel(root: str) -> None:
    """Add devices and processes."""
    _devices(os.path.join(root, "dev"))
    mount("proc", os.path.join(root, "proc"), "proc", _NOSUID | _NODEV | _NOEXEC)
    cover(os.path.join(root, "proc/tty/driver"))


def logs() -> dict[str, str]:
    """Return the logs that a machine has when it begins."""
    sizes = {"dpkg.log": 40, "bootstrap.log": 25, "alternatives.log": 12}
    return {
        f"var/log/{name}": "".join(
            f"2024-01-01 10:00:{n:02} status installed\n" for n in range(lines)
        )
        for name, lines in sizes.items()
    }


def cover(folder: str) -> None:
    """Show an empty folder instead of one that can't be read."""
    try:
        mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV, "size=0,mode=755")
    except OSError:
        return  # It isn't there.


def _programs(root: str) -> None:
    for name in sorted(os.listdir("/usr")):
        source, target = f"/usr/{name}", f"{root}/usr/{name}"
        if name == "local":
            for inner in LOCAL:
                os.makedirs(f"{target}/{inner}")
        elif os.path.isdir(source) and not os.path.islink(source):
            try:
                overlay(source, target, f"{root}/.work/{name}")
            except OSError:
                bind(source, target)
        elif os.path.islink(source):
            os.symlink(os.readlink(source), target)
    for name in LINKS:
        if os.path.islink(f"/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"{root}/{name}")
        elif os.path.isdir(f"/{name}"):
            bind(f"/{name}", f"{root}/{name}")


def _settings(etc: str) -> None:
    for name, text in SETTINGS.items():
        with open(f"{etc}/{name}", "w") as file:
            file.write(text)
    os.chmod(f"{etc}/shadow", 0o640)
    for name in ("pam.d", "skel", "default", "security", "profile.d", "sudoers.d"):
        os.makedirs(f"{etc}/{name}")
    for name in ("su", "su-l", "sudo", "useradd", "userdel", "usermod", "groupadd", "chpasswd",
                 "passwd", "runuser", "chsh", "chfn", "other", "common-session"):  # fmt: skip
        with open(f"{etc}/pam.d/{name}", "w") as file:
            file.write(_PAM)
    for name in FROM_HOST:
        if os.path.exists(f"/etc/{name}"):
            bind(f"/etc/{name}", f"{etc}/{name}")


def _devices(dev: str) -> None:
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        open(f"{dev}/{name}", "a").close()
        mount(f"/dev/{name}", f"{dev}/{name}", "none", _BIND)
    os.makedirs(f"{dev}/pts")
    mount("devpts", f"{dev}/pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    os.symlink("pts/ptmx", f"{dev}/ptmx")
    os.makedirs(f"{dev}/shm")
    os.chmod(f"{dev}/shm", 0o1777)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):  # fmt: skip
        os.symlink(target, f"{dev}/{name}")


def enter(root: str) -> None:
    """Make ``root`` the root; what was there before is gone."""
    os.chdir(root)
    _call("pivot_root", _libc().syscall(_PIVOT_ROOT[os.uname().machine], b".", b"."))
    _call("umount", _libc().umount2(b".", _DETACH))
    os.chdir("/")


def main(text: str) -> None:
    """Build, enter, say so, and wait."""
    spec = json.loads(text)
    if os.read(0, 3) != b"go\n":  # Its users are mapped by then.
        sys.exit(1)
    # Only its owner may look into its folder.
    image = os.open(spec["image"], os.O_PATH) if "image" in spec else None
    if os.getuid():
        os.setgroups([])
        os.setgid(0)
        os.setuid(0)
    mount("none", "/", "none", _REC | _PRIVATE)
    _libc().sethostname(b"os", 2)
    root = spec["root"]
    mount("tmpfs", root, "tmpfs", _NODEV, f"size={spec['disk_mib']}m,mode=755")
    root = build_of_host(root, spec["unreadable"]) if image is None else build_of_image(root, image)
    build_of_kernel(root)
    if image is not None:
        os.close(image)
    enter(root)
    os.umask(0o022)
    os.write(1, b"ready\n")
    os.close(1)
    # Children that nobody waits for are ours.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while os.read(0, 1024):
        pass


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except OSError as error:
        os.write(2, f"{error.strerror}\n".encode())
        sys.exit(1)
