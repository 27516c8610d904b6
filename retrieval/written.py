"""Tells files that people wrote from those nobody did: binary, minified, generated, locked."""

from __future__ import annotations

import re

HEAD = 8192
"""Bytes of a file that are looked at."""
MARKED_LINES = 30
"""Lines within which a generated file says so."""
_SUFFIXES = """
    7z a aab aac apk ar avi avif bin blend bmp bz2 cab class crx cur dat db deb der dex dll dmg doc
    docm docx ear egg eot exe fbx fig flac flv gem gguf gif glb gz h5 hdf5 heic icns ico img ipa iso
    jar jpeg jpg ko lib lz4 lzma m4a m4v mkv mo mov mp3 mp4 mpeg mpg msi mpy npy npz nupkg o obj odp
    ods odt ogg onnx opus otf parquet pb pdb pdf pickle pkl png ppt pptx psd pt pth pyc pyd pyo rar
    rlib rpm safetensors sketch so sqlite sqlite3 stl swf tar tflite tgz tif tiff ttc ttf wasm wav
    weba webm webp whl wmv woff woff2 xls xlsx xz zip zst
"""
BINARY = frozenset(_SUFFIXES.split())
GENERATED_SUFFIXES = (
    ".min.js", ".min.css", ".min.mjs", ".bundle.js", ".chunk.js", "-min.js", ".map", ".lock", ".lockb",
    ".snap", "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", ".pb.go", ".pb.cc", ".pb.h", ".pb.swift", "_pb.js",
    "_pb.d.ts", ".g.dart", ".freezed.dart", ".designer.cs", ".g.cs", ".g.i.cs", "_generated.go",
    ".generated.ts", ".generated.cs", ".tsbuildinfo", ".patch", ".orig", ".rej", ".log", ".swp", ".swo",
    "~",
)  # fmt: skip
GENERATED_NAMES = frozenset((
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "packages.lock.json", "go.sum",
    "gopkg.lock", "composer.lock", "cargo.lock", "poetry.lock", "uv.lock", "gemfile.lock",
    "project.assets.json", ".ds_store", "thumbs.db", "versioneer.py", "ltmain.sh", "aclocal.m4",
    "config.guess", "config.sub", "configure", "tags", ".coverage", ".eslintcache", "cscope.out",
    "compile_commands.json",
))  # fmt: skip
PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".tex", ".adoc", ".org", ".ipynb", ".po")
"""Their lines are paragraphs."""
WEB = (".js", ".mjs", ".cjs", ".css", ".html", ".htm", ".svg", ".json", ".xml")
"""What is made small before it is served."""
MEAN_LINE, LONGEST_LINE = 300, 5000
"""Bytes: code keeps well under both; what has longer lines is minified, or data."""
CONTROL = 0.1
"""Share of control characters from which bytes are no text."""

MARKS = re.compile(
    rb"@generated\b"
    rb"|\bcode generated\b[^\n]*\bdo not edit\b"
    rb"|\bdo(?:es)? not (?:edit|modify|change)\b[^\n]*\b(?:generated|by hand|manually)\b"
    rb"|\bgenerated\b[^\n]*\n?[^\n]*\bdo not (?:edit|modify|change)\b"
    rb"|\b(?:auto-?|automatically |machine )generated\b[^\n]{0,40}\b(?:by|from|with|using|file|code|do not)\b"
    rb"|^\W{0,8}(?:this (?:file|code|module|class) (?:is|was|has been) )?(?:auto-?)?generated"
    rb" (?:by|from|with|using)\b",
    re.IGNORECASE | re.MULTILINE,
)
COMMENTED = re.compile(rb"[ \t]*(?:#|//|/?\*|<!--|--|;|%|\{-|\(\*|\"\"\"|'''|@|\.\.)")
CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})


def why_named(name: str) -> str:
    """Say why a file of this name is not worth opening; empty if it may be."""
    lower = name.lower()
    if lower in GENERATED_NAMES or lower.endswith(GENERATED_SUFFIXES):
        return "generated"
    return "binary" if lower.rpartition(".")[2] in BINARY and "." in lower else ""


def why_skipped(path: str, head: bytes) -> str:
    """Say in a word why a file is not worth indexing, by its name and its beginning; empty if it is.

    Of `head` the first `HEAD` bytes count, so that the beginning of a file has the answer of all of it.
    """
    name = path.rpartition("/")[2].lower()
    if why := why_named(name):
        return why
    head = head[:HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16 is text, full of zeros
        return ""
    if b"\0" in head or len(head) - len(head.translate(None, CONTROLS)) > CONTROL * len(head):
        return "binary"
    if not name.endswith(PROSE) and _long_lines(head, name.endswith(WEB)):
        return "minified"
    return "generated" if _says_generated(head) else ""


def _long_lines(head: bytes, web: bool) -> bool:
    lines = head.split(b"\n")
    mean = len(head) / len(lines)
    return len(head) > 2000 and (mean > MEAN_LINE or (web and max(map(len, lines)) > LONGEST_LINE))


def _says_generated(head: bytes) -> bool:
    """Tell whether a comment near the beginning says so: code that writes such files says it in strings."""
    lines = head.split(b"\n", MARKED_LINES)[:MARKED_LINES]
    return MARKS.search(b"\n".join(filter(COMMENTED.match, lines))) is not None
