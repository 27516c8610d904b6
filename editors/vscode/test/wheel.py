"""Write a wheel named nearside into a folder: its command is the server with E0, or fails as told.

Stands in for the real one, whose dependencies take minutes to install. `python wheel.py FOLDER COMMAND`.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

VERSION = "9.9"
CODE = '''\
import os, sys

def main():
    if sys.argv[1:] == ["--version"]:
        print("nearside {version}")
    elif sys.argv[1:2] != ["engine"]:
        os.execvp("sh", ["sh", "-c", {command!r}])
'''


def write(folder: Path, command: str) -> Path:
    """Return the wheel's path."""
    info = f"nearside-{VERSION}.dist-info"
    wheel = folder / f"nearside-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nearside_stand_in.py", CODE.format(version=VERSION, command=command))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: nearside\nVersion: {VERSION}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\nnearside = nearside_stand_in:main\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), sys.argv[2]))
