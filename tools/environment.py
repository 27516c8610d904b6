"""The environment a command gets: the user's own, less what unlocks anything, with a home of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

SECRET = re.compile(
    r"(^|_)(API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|SSH|DEPLOY|\w*)_?KEY(_ID|S|_FILE|_PATH)?$|TOKEN|SECRET"
    r"|PASSW(OR)?D|PASSPHRASE|CREDENTIAL|(^|_)(PAT|PWD_FILE|DSN|COOKIE)$|_AUTH(_|$)|(^|_)AUTH$",
    re.IGNORECASE,
)
DOORS = re.compile(
    r"^(SSH_|GPG_|DBUS_|DISPLAY$|WAYLAND_|XAUTHORITY$|XDG_RUNTIME_DIR$|DOCKER_|KUBE|NEARSIDE_|NVIM|VSCODE_|"
    r"GIT_|PYTHON(HOME|STARTUP|INSPECT|EXECUTABLE)$|LD_PRELOAD$|AWS_|AZURE_|GOOGLE_|GCP_|"
    r"(DATABASE|DB|REDIS|MONGO\w*|POSTGRES\w*|MYSQL\w*|AMQP|RABBITMQ)_(URL|URI)$|.*_PROXY$|NOTIFY_SOCKET$|TMUX)",
    re.IGNORECASE,
)
"""What leads to running programs, services and accounts outside, or makes a program act for the editor."""

HOMES = {
    "CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup", "GOPATH": "go", "GOCACHE": ".cache/go-build",
    "PYENV_ROOT": ".pyenv",
    "NVM_DIR": ".nvm", "VOLTA_HOME": ".volta", "ASDF_DATA_DIR": ".asdf", "MISE_DATA_DIR": ".local/share/mise",
    "PYTHONUSERBASE": ".local", "FNM_DIR": ".local/share/fnm", "COREPACK_HOME": ".cache/node/corepack",
}  # fmt: skip
"""Where toolchains live below the user's real home, by the variable that names the place."""
OFFLINE = {
    "CARGO_NET_OFFLINE": "true", "GOPROXY": "off", "GOTOOLCHAIN": "local", "npm_config_offline": "true",
    "npm_config_update_notifier": "false", "PIP_NO_INDEX": "1", "COREPACK_ENABLE_NETWORK": "0",
}  # fmt: skip
"""So that what would be downloaded fails at once, instead of after a tool's own time-out."""
PLAIN = {"NO_COLOR": "1", "TERM": "dumb", "CI": "1", "PYTHONUNBUFFERED": "1", "GIT_TERMINAL_PROMPT": "0"}
"""Output to be read by a program: no colours, no questions, no watching for changes, line by line."""


def cleaned(environment: Mapping[str, str], home: Path, temporary: Path, ceiling: Path) -> dict[str, str]:
    """Return what of `environment` a command may see, with `home` and `temporary` as its own.

    `ceiling` is a folder above which git looks for no repository.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not SECRET.search(name) and not DOORS.match(name) and not name.startswith("XDG_")
    }
    real = Path(environment.get("HOME") or os.path.expanduser("~"))
    for name, place in HOMES.items():
        if name not in kept and (real / place).is_dir():
            kept[name] = str(real / place)
    if "GOCACHE" in kept:  # read-only to who runs in a copy; the index of modules would be written there
        kept["GODEBUG"] = ",".join(filter(None, (kept.get("GODEBUG"), "goindex=0")))
    kept |= OFFLINE | PLAIN
    kept |= {"HOME": str(home), "TMPDIR": str(temporary), "TMP": str(temporary), "TEMP": str(temporary)}
    kept["GIT_CEILING_DIRECTORIES"] = str(ceiling)
    return kept
