"""Makes the three parts that a machine with a GPU, Python and PyTorch, and without a network and node, needs beside the repository."""

import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from slim import slimmed

ROOT = Path(__file__).resolve().parents[2]

# What one upload may hold; the repository is in each, and counts as it is.
UPLOAD_BYTES = 64 * 2**20


def entry(archive, name, content, mode=0o644):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    archive.addfile(info, io.BytesIO(content))


def write_part(path, fill, preset):
    """A tar file, compressed; its size."""
    with lzma.open(path, "wb", preset=preset) as out, tarfile.open(fileobj=out, mode="w") as archive:
        fill(archive)
    return path.stat().st_size


def stripped_node():
    """This machine's node without its symbols."""
    node = Path(shutil.which("node") or sys.exit("node is not here")).resolve()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "node"
        shutil.copy(node, copy)
        subprocess.run(["strip", str(copy)], check=True)
        return copy.read_bytes()


def wheel(version, folder):
    """The wheel of onnxruntime-gpu of exactly this version, from PyPI where it is not in the folder."""
    found = sorted(folder.glob(f"onnxruntime_gpu-{version}-*x86_64.whl"))
    if not found:
        platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in (27, 28)]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *platforms]
            + ["--python-version=3.12", "-d", str(folder), f"onnxruntime-gpu=={version}"],
            check=True,
        )
        found = sorted(folder.glob(f"onnxruntime_gpu-{version}-*x86_64.whl"))
    return zipfile.ZipFile(found[0])


def production_modules():
    """The folders of the packages that atlasc needs when it runs."""
    listed = subprocess.run(
        ["npm", "ls", "--omit=dev", "--parseable", "--all"],
        cwd=(ROOT / "node_modules").resolve().parent,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    return [Path(line) for line in listed if "node_modules" in line]


def is_needed(path):
    """Libraries come from the wheel, and declarations and maps are for people; of prebuilt modules only those of this system."""
    name = path.name
    if name.endswith((".map", ".d.ts", ".d.mts", ".d.cts", ".ts", ".md", ".so", ".dll", ".dylib", ".so.1", ".wasm")):
        return False
    if name.endswith(".node"):
        return "linux" in str(path) and "x64" in str(path) and "musl" not in str(path)
    return True


def add_modules(archive):
    done = set()
    for folder in production_modules():
        inside = folder.parts[folder.parts.index("node_modules") :]
        for path in sorted(folder.rglob("*")):
            relative = Path(*inside) / path.relative_to(folder)
            if relative in done or not path.is_file() or not is_needed(path):
                continue
            done.add(relative)
            entry(archive, str(relative), path.read_bytes(), path.stat().st_mode & 0o777)


def make(folder, architecture):
    folder.mkdir(parents=True, exist_ok=True)
    package = ROOT / "node_modules/onnxruntime-node"
    version = json.loads((package / "package.json").read_text())["version"]
    libraries = wheel(version, folder)
    capi = "onnxruntime/capi"
    core = libraries.read(f"{capi}/libonnxruntime.so.{version}")
    shared = libraries.read(f"{capi}/libonnxruntime_providers_shared.so")
    provider, kept = slimmed(libraries.read(f"{capi}/libonnxruntime_providers_cuda.so"), architecture)
    place = "node_modules/onnxruntime-node/bin/napi-v6/linux/x64"

    def node(archive):
        entry(archive, "node", stripped_node(), 0o755)

    def javascript(archive):
        entry(archive, f"{place}/libonnxruntime.so.1", core, 0o755)
        for path in sorted((ROOT / "dist/bin").rglob("*")):
            if path.is_file() and is_needed(path):
                entry(archive, str(path.relative_to(ROOT)), path.read_bytes(), path.stat().st_mode & 0o777)
        add_modules(archive)

    def cuda(archive):
        entry(archive, f"{place}/libonnxruntime_providers_cuda.so", provider, 0o755)
        entry(archive, f"{place}/libonnxruntime_providers_shared.so", shared, 0o755)

    parts = (node, javascript, cuda)
    sizes = [write_part(folder / f"part-{number}.tar.xz", part, 6) for number, part in enumerate(parts, 1)]
    # The repository as it lies there, since uploads are not compressed.
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    repository = sum(os.path.getsize(ROOT / os.fsdecode(name)) for name in tracked if name and (ROOT / os.fsdecode(name)).is_file())
    print(f"code for sm_{architecture} that is kept: {kept / 1e6:.1f} MB")
    for number, size in enumerate(sizes, 1):
        fits = size + repository <= UPLOAD_BYTES
        verdict = "fits" if fits else "is TOO LARGE"
        print(f"part {number}: {size / 1e6:.2f} MB; with the repository's {repository / 1e6:.1f} MB it {verdict} into {UPLOAD_BYTES // 2**20} MiB")
    return all(size + repository <= UPLOAD_BYTES for size in sizes)
