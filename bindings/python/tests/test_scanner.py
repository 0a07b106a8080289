"""The scanner from Python."""

import os
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path
from typing import Any

from leakward import LeakwardError, Scanner

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def token() -> str:
    """A token of GitHub's shape, with its checksum, made here so that no file holds one."""
    body = "".join(DIGITS[b % 62] for b in os.urandom(30))
    crc = zlib.crc32(body.encode())
    return "ghp_" + body + "".join(DIGITS[crc // 62**i % 62] for i in range(5, -1, -1))


class ScannerTest(unittest.TestCase):
    def test_bytes_and_text_are_searched_and_the_secret_is_not_shown(self) -> None:
        scanner, secret = Scanner(), token()
        text = f"\nTOKEN = '{secret}'\n"
        for scan in (scanner.scan_text("a.py", text), scanner.scan_bytes("a.py", text.encode())):
            (finding,) = scan.findings
            self.assertEqual((finding.rule, finding.path, finding.line), ("github-pat", "a.py", 2))
            self.assertEqual(text.encode()[finding.start : finding.end], finding.expose())
            self.assertEqual(finding.expose(), secret.encode())
            self.assertEqual((finding.severity, finding.confidence, finding.commit), ("critical", "high", None))
            self.assertTrue(scan.is_complete)
            for shown in (repr(scan), repr(finding), str(finding), finding.masked, finding.fingerprint):
                self.assertNotIn(secret[8:30], shown)
            with self.assertRaises(TypeError):
                import pickle

                pickle.dumps(finding)

    def test_files_staged_changes_ranges_and_histories_are_searched(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            def git(*args: str) -> None:
                who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
                       "GIT_COMMITTER_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": "/dev/null", **os.environ}
                subprocess.run(["git", "-C", folder, *args], check=True, capture_output=True, env=who)

            git("init", "-q", "-b", "main")
            git("commit", "-q", "--allow-empty", "-m", "first")
            (Path(folder) / "a.py").write_text(f"TOKEN = '{token()}'\n")
            scanner = Scanner()
            self.assertEqual(len(scanner.scan_files(folder).findings), 1)
            self.assertEqual(len(scanner.scan_staged(folder).findings), 0)
            git("add", ".")
            self.assertEqual(len(scanner.scan_staged(Path(folder)).findings), 1)
            git("commit", "-q", "-m", "second")
            (Path(folder) / "a.py").unlink()
            git("commit", "-qam", "third")
            (finding,) = scanner.scan_history(folder).findings
            self.assertRegex(finding.commit or "", "^[0-9a-f]{40}$")
            self.assertEqual(len(scanner.scan_range("HEAD~2..HEAD", folder).findings), 1)

    def test_options_say_what_to_look_for(self) -> None:
        rule = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-f]{20})\\b'\n"
        value = "acme_" + os.urandom(10).hex()
        text = f"{value}  TOKEN = '{token()}'"
        for scanner, expected in (
            (Scanner(rules=[rule]), ["acme-key", "github-pat"]),
            (Scanner(rules=[rule], only_rules=["acme-key"]), ["acme-key"]),
            (Scanner(rules=[rule], without_rules=["acme-key"]), ["github-pat"]),
            (Scanner(min_severity="critical"), ["github-pat"]),
        ):
            self.assertEqual(sorted(f.rule for f in scanner.scan_text("", text).findings), expected)

    def test_mistakes_are_named(self) -> None:
        cases: list[tuple[str, dict[str, Any]]] = [
            ("usage", {"min_severity": "awful"}),
            ("usage", {"time_limit": -1.0}),
            ("scan", {"settings": "/no/such/file"}),
            ("scan", {"rules": ["not toml"]}),
        ]
        for kind, options in cases:
            with self.assertRaises(LeakwardError) as caught:
                Scanner(**options)
            self.assertEqual(caught.exception.kind, kind)
        with self.assertRaises(LeakwardError) as caught:
            Scanner().scan_files("/no/such/file")
        self.assertEqual(caught.exception.kind, "scan")
        self.assertIn("/no/such/file", str(caught.exception))
        with self.assertRaises(LeakwardError):
            Scanner().scan_files()


if __name__ == "__main__":
    unittest.main()
