#!/usr/bin/env python3
"""Judges what the workspace is built from by deny.toml: licences, sources, wildcards.

`cargo deny check bans licenses sources` asks the same, and takes minutes to build; where it is installed, it is run too.
Looks at the packages of one platform, those that this machine builds. Exits 1 with a line for each fault.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib

HOST = "x86_64-unknown-linux-gnu"
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def allowed(expression, licences):
    """Whether an SPDX expression (OR, AND, parentheses; `/` for OR in old manifests) is met by `licences`."""
    tokens = re.findall(r"\(|\)|\bAND\b|\bOR\b|[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.-]+)?", expression.replace("/", " OR "))
    words = {"AND": "and", "OR": "or", "(": "(", ")": ")"}
    return eval(" ".join(words.get(t) or str(t in licences) for t in tokens))  # booleans and operators only


def main():
    with open("deny.toml", "rb") as file:
        deny = tomllib.load(file)
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", HOST]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]
    faults = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if not allowed(package["license"] or "none", set(deny["licenses"]["allow"])):
            faults.append(f"{name}: licence {package['license']}")
        if package["source"] not in (None, REGISTRY):
            faults.append(f"{name}: source {package['source']}")
        wild = [d["name"] for d in package["dependencies"] if d["req"] == "*" and d.get("path") is None]
        if package["source"] is None and wild:
            faults.append(f"{name}: any version of {', '.join(wild)}")
    print("\n".join(faults) or f"{len(packages)} packages: licences and sources as deny.toml says")
    code = bool(faults)
    if shutil.which("cargo-deny"):
        code |= subprocess.run(["cargo", "deny", "check", "bans", "licenses", "sources"]).returncode
    return code


sys.exit(main())
