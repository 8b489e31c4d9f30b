#!/usr/bin/env python3
"""Executes the Containerfile without a container engine, as far as that goes.

    build.py [--keep FILE] [CONTEXT]    CONTEXT is the folder of the Containerfile, by default this checkout;
                                        FILE will be a copy of the command

Each stage gets an empty folder as its file system. WORKDIR and COPY work in it, from the files that git would
check out (without those in .containerignore) and from other stages; RUN runs its line with /bin/sh in the
working directory. The base images are not there: RUN uses this machine's programs, and absolute paths in it
would be this machine's, so that they are an error. At the end, the entry point is run: it has to report its
version and to check the examples.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT = 6_000_000  # bytes of the command
KEPT = ("PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "PROTOC", "TERM")


def instructions(text):
    """Pairs of an instruction and its arguments; a backslash continues a line."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [line.split(None, 1) for line in lines if line.strip()]


def copy(source, destination):
    if source.is_dir():
        shutil.copytree(source, destination, dirs_exist_ok=True, symlinks=True)
    else:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, destination)


def inside(root, directory, path):
    """A path of a stage, in the folder that stands for its file system."""
    return root / str(pathlib.PurePosixPath(directory) / path).lstrip("/")


def context_of(folder, scratch):
    """What COPY sees: the files of the checkout, also uncommitted ones."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=folder,
                           stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    context = scratch / "context"
    for name in filter(None, names):
        if (folder / name).exists():
            copy(folder / name, context / name)
    ignore = folder / ".containerignore"
    for pattern in ignore.read_text().split() if ignore.exists() else []:
        for path in context.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return context


def build(folder, scratch):
    """Executes all instructions; returns the last stage's folder, its entry point and what was executed."""
    context = context_of(folder, scratch)
    stages, executed = {}, 0
    root = directory = entry = None
    for instruction, rest in instructions((folder / "Containerfile").read_text()):
        words = rest.split()
        executed += 1
        if instruction == "FROM":
            name = words[2] if len(words) == 3 and words[1] == "AS" else str(len(stages))
            root, directory, entry = scratch / f"stage-{name}", "/", None
            root.mkdir()
            stages[name] = root
        elif instruction == "WORKDIR":
            directory = str(pathlib.PurePosixPath(directory) / rest.strip())
            inside(root, directory, ".").mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY":
            source, start = context, "/"
            if words[0].startswith("--from="):
                source = stages[words.pop(0).removeprefix("--from=")]
            [path, destination] = words
            copy(inside(source, start, path), inside(root, directory, destination))
        elif instruction == "RUN":
            if re.search(r"(?<![\w.-])/\w", rest):
                sys.exit(f"an absolute path cannot be tried here: {rest}")
            print(f"RUN {rest}", flush=True)
            # A container has none of this machine's settings of cargo.
            env = {name: value for name, value in os.environ.items() if name in KEPT}
            subprocess.run(["/bin/sh", "-c", rest], cwd=inside(root, directory, "."), env=env, check=True)
        elif instruction == "ENTRYPOINT":
            entry = json.loads(rest)
        else:
            sys.exit(f"{instruction} is not known here")
    return root, directory, entry, executed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", metavar="FILE", type=pathlib.Path)
    parser.add_argument("context", nargs="?", default=pathlib.Path(__file__).parents[2], type=pathlib.Path)
    options = parser.parse_args()
    folder = options.context.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        root, directory, entry, executed = build(folder, pathlib.Path(scratch))
        program = inside(root, "/", entry[0])
        work = inside(root, directory, ".")
        shutil.copytree(folder / "examples", work / "examples")

        def run(*args):
            ran = subprocess.run([program, *entry[1:], *args], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return ran.returncode, ran.stdout.decode()

        status, version = run("--version")
        if status != 0 or not version.startswith("istio-gateway "):
            sys.exit(f"--version: {status}, {version}")
        status, out = run("check", "examples/gateway.yaml")
        if status != 0 or "would be accepted" not in out:
            sys.exit(f"check: {status}, {out}")
        (work / "bad.yaml").write_text((work / "examples/gateway.yaml").read_text().replace("OPTIONAL_MUTUAL", "SIMPEL"))
        status, out = run("check", "bad.yaml")
        if status != 1 or "SIMPEL" not in out:
            sys.exit(f"check of a bad manifest: {status}, {out}")
        size = program.stat().st_size
        libraries = subprocess.run(["ldd", program], stdout=subprocess.PIPE, check=True).stdout.decode()
        missing = [line.split()[0] for line in libraries.splitlines() if "not found" in line]
        print(f"{executed} instructions of the Containerfile; {version.strip()}: {size} bytes")
        if missing:
            sys.exit(f"libraries that are missing: {missing}")
        if size >= LIMIT:
            sys.exit(f"the command has {size} bytes, {LIMIT} or more")
        if options.keep:
            copy(program, options.keep)


main()
