"""An image: a root file system of their own for machines of namespaces, made once.

Without one, machines show the host's programs, whose rights can't be changed and beside which
nothing can be installed. It comes from mmdebstrap, or from any archive of a root file system
(``docker export``). See spec agentbench, 1.6.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 12):
    import tarfile
else:
    from backports import tarfile

from grasp.contracts import TaskError
from grasp.plugins.datasets import data_home
from grasp_agentbench.os_interaction.sandbox.inside import logs
from grasp_agentbench.os_interaction.sandbox.users import FIRST_ID, is_root

#: Names the folder of the image.
IMAGE_VARIABLE = "GRASP_OS_IMAGE"
#: Debian packages that an image has beside the smallest Debian.
PACKAGES = (
    "python3", "procps", "git", "vim-tiny", "curl", "wget", "unzip", "zip", "tree", "passwd",
    "file", "bc", "less", "xxd",
)  # fmt: skip
#: Packages that can be installed though there is no network: problems begin by doing so.
INSTALLABLE = ("sudo",)
#: The release of Debian, if no other is named.
SUITE = "bookworm"
#: Files that are the same whatever the image: nothing of who made it, and no network.
_FIXED = {
    "etc/hostname": "os\n",
    "etc/hosts": "127.0.0.1 localhost os\n",
    "etc/resolv.conf": "",
    # A machine with one user has none to become; its terminal is too wide for a bar.
    "etc/apt/apt.conf.d/90grasp": 'APT::Sandbox::User "root";\n'
    'Binary::apt::DPkg::Progress-Fancy "0";\n',
}
_LEFT_OUT = ("doc", "man", "info", "locale")
_NOBODY = 65534


@dataclass(frozen=True)
class Image:
    """A root file system.

    Attributes:
        root: Its folder.
        origin: What it was made of.
        sha256: Of the archive it was unpacked from.
    """

    root: Path
    origin: str
    sha256: str


def image_home() -> Path:
    """Return the folder of the image: ``GRASP_OS_IMAGE``, or one of GRASP's data."""
    named = os.environ.get(IMAGE_VARIABLE)
    return Path(named).expanduser() if named else data_home() / "agentbench-os" / "image"


def find_image(home: Path) -> Image | None:
    """Return the image in a folder; ``None`` if there is none, or not one for this user."""
    try:
        told = json.loads((home / "image.json").read_text(encoding="utf-8"))
        if told["first_id"] != _first_id():
            return None
        return Image(home.absolute() / "root", told["origin"], told["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def bootstrap(home: Path, suite: str = SUITE) -> Image:
    """Make an image by mmdebstrap, which fetches packages and tells its steps on stderr.

    Args:
        home: The image's folder.
        suite: Release of Debian, or of Ubuntu.

    Raises:
        TaskError: mmdebstrap is not installed, or fails.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise TaskError(
            "mmdebstrap is not installed",
            "apt-get install mmdebstrap; or --from ARCHIVE of a root file system",
        )
    # Lists of packages stay, and what may be installed lies in apt's cache.
    fetch = f'chroot "$1" apt-get install --yes --download-only {" ".join(INSTALLABLE)}'
    options = (
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        "--skip=cleanup/apt/lists,cleanup/apt/cache",
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT),
        f'--customize-hook=chroot "$1" apt-get clean; {fetch}',
    )
    with _workplace(home) as place:
        archive = place / "image.tar"
        made = subprocess.run([program, *options, suite, archive], check=False)
        if made.returncode:
            raise TaskError(
                f"mmdebstrap fails with status {made.returncode}; why is above",
                "look at the network; or --from ARCHIVE of a root file system",
            )
        return _unpack(archive, place, home, f"mmdebstrap {suite}")


def unpack(archive: Path, home: Path) -> Image:
    """Make an image of an archive (tar, compressed or not) of a root file system.

    Raises:
        TaskError: It can't be read, or would write elsewhere.
    """
    with _workplace(home) as place:
        return _unpack(archive, place, home, archive.name)


def _unpack(archive: Path, place: Path, home: Path, origin: str) -> Image:
    new = place / "new"
    root = new / "root"
    for folder in (new, root):
        folder.mkdir(mode=0o700)  # Others have no business with its sudo.
    try:
        with tarfile.open(archive) as members:
            members.extractall(root, numeric_owner=True, filter=_owned)
        for path, text in _FIXED.items():
            _write(root, path, text)
        for path, text in logs().items():
            if not (root / path).exists():
                _write(root, path, text)
        _own_folders(root)
        sha256 = _sha256(archive)
    except (tarfile.TarError, EOFError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TaskError(
            f"can't unpack {archive}: {reason}", "take a tar archive of a root file system"
        ) from None
    if not (root / "bin/bash").is_file():
        raise TaskError(f"{archive} has no /bin/bash", "take a root file system that has one")
    root.chmod(0o755)
    about = {"origin": origin, "sha256": sha256, "first_id": _first_id()}
    (new / "image.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    if home.exists():
        home.rename(place / "old")
    new.rename(home)
    return Image(home.absolute() / "root", origin, sha256)


@contextlib.contextmanager
def _workplace(home: Path) -> Iterator[Path]:
    """Make a folder beside the image's, which others can't look into, and clear it away."""
    if home.exists() and not (home / "image.json").is_file() and any(home.iterdir()):
        raise TaskError(f"{home} is not an image, and not empty", f"set {IMAGE_VARIABLE}")
    place = home.with_name(f"{home.name}.partial")
    try:
        shutil.rmtree(place, ignore_errors=True)  # Of one that was killed.
        place.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise TaskError(
            f"can't write to {place}: {error.strerror}", f"set {IMAGE_VARIABLE}"
        ) from None
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _owned(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Give a file to the users of the machines; leave out devices.

    Raises:
        tarfile.FilterError: It lies elsewhere.
    """
    if member.isdev():
        return None
    inside = tarfile.tar_filter(member, folder)
    first = _first_id()
    uid, gid = (first + min(number, _NOBODY) for number in (member.uid, member.gid))
    # The filter takes away rights, such as that of sudo to become root.
    return inside.replace(uid=uid, gid=gid, mode=member.mode, deep=False)


def _first_id() -> int:
    """Return what owns root's files outside; 0 for whoever unpacks them."""
    return FIRST_ID if is_root() else 0


def _write(root: Path, path: str, text: str) -> None:
    """Write a file of ours, where no link of the image leads elsewhere."""
    target = root / path
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise OSError(errno.ELOOP, f"/{path} leads elsewhere")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_text(text, encoding="utf-8")
    if is_root():
        os.chown(target, FIRST_ID, FIRST_ID)


def _own_folders(root: Path) -> None:
    """Give root's folders to the machines' root where the archive didn't name them."""
    for folder, _, _ in os.walk(root):
        if is_root() and os.lstat(folder).st_uid == 0:
            os.chown(folder, FIRST_ID, FIRST_ID)


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()
