"""Drives an example service through a rotation and an outage of a real OpenBao.

    python service_test.py BAO-PROGRAM COMMAND...      the port is added to COMMAND
"""

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable


def two_free_ports() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
                return port
            except (OSError, OverflowError):
                continue


def call(port: int, method: str, path: str, body: object = None, token: str = "") -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"X-Vault-Token": token} if token else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def until(what: str, holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise SystemExit(f"FAIL {what}")
        time.sleep(0.05)


def drive(bao: int, server: subprocess.Popen[bytes], command: list[str], folder: str) -> None:
    def put(key: str) -> None:
        status, _ = call(bao, "POST", "/v1/secret/data/service", {"data": {"key": key}}, "root")
        assert status == 200, status

    until("the manager starts", lambda: call(bao, "GET", "/v1/secret/config", token="root")[0] == 200)
    keys = [os.urandom(12).hex() for _ in range(2)]
    put(keys[0])
    port = two_free_ports()
    env = {**os.environ, "VAULT_ADDR": f"http://127.0.0.1:{bao}", "VAULT_TOKEN": "root"}
    env.pop("BAO_ADDR", None)
    log = open(os.path.join(folder, "service.log"), "w+b")
    service = subprocess.Popen([*command, str(port)], env=env, stdout=log, stderr=log)

    def ask() -> tuple[int, dict[str, object]]:
        return call(port, "GET", "/order/7")

    try:
        until("it serves", lambda: ask()[0] == 200)
        signed = hmac.new(keys[0].encode(), b"/order/7", hashlib.sha256).hexdigest()
        assert ask()[1]["signature"] == signed and ask()[1]["version"] == "1", "it signs with the manager's key"
        put(keys[1])
        until("it sees the rotation", lambda: ask()[1].get("version") == "2", 15)
        os.kill(server.pid, signal.SIGSTOP)
        stale = slowest = 0.0
        status, begun = 200, time.monotonic()
        while status == 200:
            asked = time.monotonic()
            status, told = ask()
            took = time.monotonic() - asked
            if status == 200:
                slowest = max(slowest, took)
                assert told["version"] == "2"
                stale += told["fresh"] is False
            assert time.monotonic() - begun < 30, "stale is not served for ever"
            time.sleep(0.02)
        lasted = time.monotonic() - begun
        assert stale > 10 and lasted > 4, f"{stale} stale answers, {lasted:.1f} s"
        assert slowest < 1, f"a reader waited {slowest:.2f} s"
        os.kill(server.pid, signal.SIGCONT)
        until("it recovers by itself", lambda: ask()[0] == 200 and ask()[1]["fresh"] is True, 90)
        service.terminate()
        assert service.wait(20) == 0, "it ends in order"
        log.seek(0)
        printed = log.read().decode()
        assert "signing with version 1" in printed and "signing with version 2" in printed, printed
        assert not any(key in printed for key in keys), "no log holds a key"
        print(f"ok   served stale for {lasted:.1f} s, slowest answer {slowest * 1000:.0f} ms")
    except BaseException:
        log.seek(0)
        sys.stderr.write(log.read().decode())
        raise
    finally:
        service.kill()
        service.wait()


def main() -> None:
    port = two_free_ports()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["server", "-dev", "-dev-no-store-token", f"-dev-listen-address=127.0.0.1:{port}"]
        env = {**os.environ, "BAO_DEV_ROOT_TOKEN_ID": "root", "HOME": folder}
        quiet = subprocess.DEVNULL
        server = subprocess.Popen([sys.argv[1], *arguments], env=env, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            drive(port, server, sys.argv[2:], folder)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
