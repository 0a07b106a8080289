"""Takes the line hash out of a SARIF report: `without_hash.py IN OUT`."""
import json
import sys

log = json.load(open(sys.argv[1]))
for result in log["runs"][0]["results"]:
    del result["partialFingerprints"]["primaryLocationLineHash"]
json.dump(log, open(sys.argv[2], "w"))
