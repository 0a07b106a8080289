"""Compares the line hashes of two SARIF reports of the same results: `same_hash.py OURS ORACLE`."""
import json
import sys


def hashes(path):
    found = []
    for result in json.load(open(path))["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        name = place["artifactLocation"].get("uri", "?")
        prints = {k.split("/")[0]: v for k, v in result["partialFingerprints"].items()}
        found.append((name, place["region"]["startLine"], prints.get("primaryLocationLineHash")))
    return found


ours, oracle = hashes(sys.argv[1]), hashes(sys.argv[2])
different = [(a, b) for a, b in zip(ours, oracle) if a != b]
print(f"{len(ours)} line hashes, {len(different)} different from the oracle's")
for a, b in different[:5]:
    print("ours", a, "oracle", b)
sys.exit(bool(different) or len(ours) != len(oracle) or len(ours) < 13)
