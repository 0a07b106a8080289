"""The client from Python, with a manager that is a folder."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leakward import Client, LeakwardError


class ClientTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "secrets").mkdir()
        self.map = self.folder / "map.toml"
        self.map.write_text(
            f"[providers.f]\nkind = 'file'\nroot = '{self.folder}/secrets'\n"
            "[secrets.app]\nprovider = 'f'\n[secrets.none]\nprovider = 'f'\n"
        )
        self.put({"user": "ann", "password": "one"})

    def put(self, value: object) -> None:
        new = self.folder / "new"
        new.write_text(json.dumps(value))
        new.rename(self.folder / "secrets" / "app")

    def client(self) -> Client:
        client = Client(map_file=self.map, ttl=60, timeout=2)
        self.addCleanup(client.close)
        return client

    def test_a_value_is_read_whole_and_by_field_and_is_not_shown(self) -> None:
        client = self.client()
        secret = client.get("app")
        self.assertEqual(json.loads(secret.expose()), {"user": "ann", "password": "one"})
        self.assertEqual((secret.field("password").expose(), client.get("app#user").expose_text()), (b"one", "ann"))
        self.assertEqual(secret.field_names, ["user", "password"])
        self.assertEqual((secret.is_fresh, secret.stale_for, secret.stale_because), (True, None, None))
        for shown in (repr(secret), str(secret), repr(client), f"{secret!r}"):
            self.assertNotIn("one", shown)

    def test_failures_have_a_kind(self) -> None:
        client = self.client()
        for kind, name in (("not-found", "none"), ("no-provider", "else"), ("field", "app#none"), ("path", "a//b")):
            with self.assertRaises(LeakwardError) as caught:
                client.get(name)
            self.assertEqual(caught.exception.kind, kind, name)
        cases: list[dict[str, Any]] = [{"manager": "moon"}, {"map_file": "/no/such/file"}, {"map_file": self.map, "ttl": -1.0}]
        for options in cases:
            with self.assertRaises(LeakwardError):
                Client(**options)

    def test_a_watch_gives_the_version_in_force_and_each_that_comes(self) -> None:
        client = self.client()
        seen: list[bytes] = []
        watch = client.watch("app#password")
        thread = threading.Thread(target=lambda: seen.extend(s.expose() for s in watch))
        thread.start()
        for value in ("two", "three"):
            time.sleep(0.3)
            self.put({"password": value})
        until = time.monotonic() + 20
        while (not seen or seen[-1] != b"three") and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual((seen[0], seen[-1]), (b"one", b"three"))
        watch.close()
        thread.join(10)
        self.assertFalse(thread.is_alive(), "closing ends who waits")
        self.assertIsNone(watch.next())

    def test_waiting_ends_in_time_and_with_the_client(self) -> None:
        client = self.client()
        with client.watch("app") as watch:
            self.assertIsNotNone(watch.next())
            begun = time.monotonic()
            self.assertIsNone(watch.next(timeout=0.3))
            self.assertTrue(0.2 < time.monotonic() - begun < 5)
            closer = threading.Timer(0.2, client.close)
            closer.start()
            self.assertIsNone(watch.next())
            closer.join()
        with self.assertRaises(LeakwardError) as caught:
            client.get("app")
        self.assertEqual(caught.exception.kind, "closed")

    def test_threads_read_at_once(self) -> None:
        client = self.client()
        failures: list[str] = []

        def read() -> None:
            for _ in range(2000):
                if client.get("app#password").expose() != b"one":
                    failures.append("another value")

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_a_program_gets_values_and_is_started_again_when_they_change(self) -> None:
        client, out = self.client(), self.folder / "out"
        script = f"echo $PASSWORD >> {out}; exec sleep 60"
        program = client.exec(["sh", "-c", script], {"PASSWORD": "app#password"})
        self.until(lambda: out.exists() and out.read_text() == "one\n")
        self.put({"password": "two"})
        self.until(lambda: out.read_text() == "one\ntwo\n")
        self.assertIsNone(program.wait(timeout=0.1))
        self.assertTrue(program.signal("TERM"))
        self.assertEqual(program.wait(), 128 + signal.SIGTERM)
        self.assertFalse(program.signal("SIGTERM"))
        self.assertEqual(program.told(), ["a secret changed: the program is started again"])
        self.assertEqual(client.exec(["sh", "-c", "exit 7"], {}).wait(), 7)
        for command, variables in ([], {}), (["true"], {"A-B": "app"}), (["true"], {"A": "a//b"}):
            with self.assertRaises(LeakwardError):
                client.exec(command, variables)
        with self.assertRaises(LeakwardError) as caught:
            client.exec(["/no/such/program"], {}).wait()
        self.assertEqual(caught.exception.kind, "exec")

    def until(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not holds():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    def test_a_fork_does_not_get_what_the_parent_holds(self) -> None:
        client = self.client()
        client.get("app")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                client.get("app")
                told = "a value"
            except LeakwardError as error:
                told = error.kind
            os.write(writing, told.encode())
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(os.read(reading, 100), b"forked")
        self.assertEqual(client.get("app#password").expose(), b"one")

    def test_the_services_own_signals_stay_its_own(self) -> None:
        script = (
            "import sys, leakward\nclient = leakward.Client(map_file=sys.argv[1])\n"
            "client.exec(['true'], {'P': 'app#password'}).wait()\nprint('ready', flush=True)\n"
            "try:\n  client.watch('none').next()\nexcept KeyboardInterrupt:\n  print('interrupted', flush=True)\n"
        )
        child = subprocess.Popen([sys.executable, "-c", script, self.map], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        self.assertEqual(child.stdout.readline(), "ready\n")
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.communicate(timeout=20)[0], "interrupted\n")
        self.assertEqual(child.returncode, 0)


if __name__ == "__main__":
    unittest.main()
