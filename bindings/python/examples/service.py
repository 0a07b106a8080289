"""A service that signs with a key from the manager: GET / tells which version it signs with.

It goes on signing while the manager is out of reach (within the bound), and changes to a new version by itself.

    python examples/service.py PORT
"""

import hashlib
import hmac
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from leakward import Client, LeakwardError

KEY = "secret/service#key"
client = Client(ttl=2, max_stale=6, timeout=1)


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            secret = client.get(KEY)
            signature = hmac.new(secret.expose(), self.path.encode(), hashlib.sha256).hexdigest()
            status, told = 200, {"version": secret.version, "fresh": secret.is_fresh, "signature": signature}
        except LeakwardError as error:
            status, told = 503, {"error": error.kind}
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def tell_changes() -> None:
    for secret in client.watch(KEY):
        print(f"signing with version {secret.version}", flush=True)


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    threading.Thread(target=tell_changes, daemon=True).start()
    with client:
        server.serve_forever()


if __name__ == "__main__":
    main()
