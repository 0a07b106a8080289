"""Azure Key Vault with its login, and Google Secret Manager with its metadata server, as small servers that keep state.
The official SDKs inside leakward talk to them unchanged: Azure's by its real host names through a proxy that leads
nowhere else, over TLS with an authority made for the run."""

import base64
import http.client
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

TOKEN = "of-the-login"


def serve(handler, context=None):
    """Starts a server on 127.0.0.1. Returns its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def tell(self, status, value, headers=()):
        text = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        for name, content in headers:
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(text)

    def is_logged_in(self):
        return self.headers.get("authorization") == f"Bearer {TOKEN}"


class Azure:
    """A vault at `https://shop.vault.azure.net`, in names alone."""

    HOST = "shop.vault.azure.net"
    LOGIN = "login.microsoftonline.com"

    def __init__(self, stage):
        self.secrets = {}  # name -> [[version, value, enabled, created]]
        self.hosts = []
        names = stage.write("names", f"subjectAltName=DNS:{self.HOST},DNS:{self.LOGIN}")
        new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj"
        for command in (f"req -x509 {new} /CN=authority -days 2 -keyout ca.key -out ca.pem",
                        f"req {new} /CN={self.HOST} -keyout leaf.key -out leaf.csr",
                        f"x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile {names} -out leaf.pem"):
            subprocess.run(["openssl", *command.split()], cwd=stage.folder, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stage.path("leaf.pem"), stage.path("leaf.key"))
        port = serve(self.handler(), context)
        proxy = serve(self.proxy(port))
        stage.env |= {"SSL_CERT_FILE": stage.path("ca.pem"), "HTTPS_PROXY": f"http://127.0.0.1:{proxy}",
                      "AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "of-the-client",
                      "AZURE_KEYVAULT_URL": f"https://{self.HOST}"}

    def put(self, name, value):
        versions = self.secrets.setdefault(name, [])
        versions.append([f"{len(versions) + 1:032x}", value, True, 1700000000 + len(versions)])
        return versions[-1]

    def handler(fake):
        class KeyVault(Handler):
            def model(self, name, version, value=True):
                number, text, enabled, created = version
                told = {"id": f"https://{Azure.HOST}/secrets/{name}/{number}",
                        "attributes": {"enabled": enabled, "created": created, "updated": created}}
                return {**told, "value": text} if value else told

            def error(self, status, code):
                self.tell(status, {"error": {"code": code, "message": "of the show"}})

            def do_POST(self):
                asked = urllib.parse.parse_qs(self.body().decode())
                if asked.get("client_secret") != ["of-the-client"]:
                    return self.tell(401, {"error": "invalid_client", "error_description": "of the show"})
                self.tell(200, {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": TOKEN})

            def secret(self):
                """The parts of the path behind /secrets, or nothing when the caller was told off."""
                if self.is_logged_in():
                    return [part for part in urllib.parse.urlparse(self.path).path.split("/") if part][1:]
                self.body()
                challenge = f'Bearer authorization="https://{Azure.LOGIN}/tenant", resource="https://vault.azure.net"'
                self.tell(401, "", [("www-authenticate", challenge)])

            def do_PUT(self):
                parts = self.secret()
                if parts is not None:
                    self.tell(200, self.model(parts[0], fake.put(parts[0], json.loads(self.body())["value"])))

            def do_GET(self):
                parts = self.secret()
                if parts is None:
                    return
                if not parts:
                    items = [self.model(name, all[-1], value=False) for name, all in sorted(fake.secrets.items())]
                    for item in items:
                        item["id"] = item["id"].rsplit("/", 1)[0]
                    return self.tell(200, {"value": items, "nextLink": None})
                versions = fake.secrets.get(parts[0])
                if not versions:
                    return self.error(404, "SecretNotFound")
                if parts[1:] == ["versions"]:
                    items = [self.model(parts[0], version, value=False) for version in versions]
                    return self.tell(200, {"value": items, "nextLink": None})
                meant = [v for v in versions if v[0] == parts[1]] if parts[1:] else versions[-1:]
                if not meant:
                    return self.error(404, "SecretNotFound")
                if not meant[0][2]:
                    return self.error(403, "SecretDisabled")
                self.tell(200, self.model(parts[0], meant[0]))
        return KeyVault

    def proxy(fake, port):
        class Proxy(Handler):
            """Leads to the fake whoever asks for Azure, and nobody anywhere else."""

            def do_CONNECT(self):
                host = self.path.rsplit(":", 1)[0]
                fake.hosts.append(host)
                if host not in (Azure.HOST, Azure.LOGIN):
                    return self.tell(403, "")
                self.send_response(200)
                self.end_headers()
                with socket.create_connection(("127.0.0.1", port)) as there:
                    back = threading.Thread(target=self.pump, args=(there, self.connection), daemon=True)
                    back.start()
                    self.pump(self.connection, there)
                    back.join()
                self.close_connection = True

            def pump(self, source, target):
                try:
                    while piece := source.recv(65536):
                        target.sendall(piece)
                    target.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
        return Proxy


class RotationFunction:
    """AWS with a function that rotates, which no emulator has: stands before one, answers RotateSecret as AWS documents
    it, and plays the function. All else goes to the emulator."""

    def __init__(self, emulator, client, make, change, test):
        """`client` is the emulator's; `make()` makes a password, `change(it)` tells the database, `test(it)` logs in."""
        self.client, self.make, self.change, self.test = client, make, change, test
        self.may_go_on = threading.Event()  # Between the function's first step and its second.
        self.may_go_on.set()
        self.begun, self.refused = [], 0  # The versions that were begun, and requests while one was under way.
        self.address = f"http://127.0.0.1:{serve(self.handler(urllib.parse.urlparse(emulator).netloc))}"

    def stages(self, secret):
        versions = self.client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        return {stage: version for version, stages in versions.items() for stage in stages}

    def create(self, secret, token):
        """The function's first step: a value that is not in force yet."""
        held = json.loads(self.client.get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")["SecretString"])
        made = self.make()
        self.client.put_secret_value(SecretId=secret, ClientRequestToken=token, VersionStages=["AWSPENDING"],
                                     SecretString=json.dumps({**held, "password": made}))
        return made

    def use(self, secret, token, made):
        """Its other steps: the database is told, the login tried, the value put in force."""
        self.may_go_on.wait()
        self.change(made)
        if self.test(made):
            move = lambda stage, **versions: self.client.update_secret_version_stage(SecretId=secret, VersionStage=stage, **versions)
            move("AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=self.stages(secret)["AWSCURRENT"])
            move("AWSPENDING", RemoveFromVersionId=token)

    def handler(fake, emulator):
        class SecretsManager(Handler):
            def do_POST(self):
                body = self.body()
                call = self.headers.get("x-amz-target", "").rpartition(".")[2]
                if call == "RotateSecret":
                    return self.rotate(**json.loads(body))
                there = http.client.HTTPConnection(emulator)
                there.request("POST", self.path, body, {k: v for k, v in self.headers.items() if k.lower() != "host"})
                answer = there.getresponse()
                told = json.loads(answer.read() or b"{}")
                if call == "DescribeSecret" and answer.status == 200:
                    function = "arn:aws:lambda:eu-west-1:000000000000:function:rotate"
                    told |= {"RotationEnabled": True, "RotationLambdaARN": function}
                self.tell(answer.status, told)

            def rotate(self, SecretId, ClientRequestToken, **_):
                stages = fake.stages(SecretId)
                if stages.get("AWSPENDING", stages["AWSCURRENT"]) != stages["AWSCURRENT"]:
                    fake.refused += 1
                    message = "A previous rotation is not complete; it will be tried again"
                    return self.tell(400, {"__type": "InvalidRequestException", "message": message})
                fake.begun.append(ClientRequestToken)
                made = fake.create(SecretId, ClientRequestToken)
                threading.Thread(target=fake.use, args=(SecretId, ClientRequestToken, made), daemon=True).start()
                self.tell(200, {"ARN": SecretId, "Name": SecretId, "VersionId": ClientRequestToken})
        return SecretsManager


class Google:
    """The project `shop`."""

    def __init__(self, stage):
        self.secrets = {}  # name -> [[number, bytes, state]]
        stage.env |= {"GCE_METADATA_HOST": f"127.0.0.1:{serve(self.metadata())}", "GOOGLE_CLOUD_PROJECT": "shop"}
        self.address = f"http://127.0.0.1:{serve(self.handler())}"

    def put(self, name, value):
        versions = self.secrets.setdefault(name, [])
        versions.append([len(versions) + 1, value.encode() if isinstance(value, str) else value, "ENABLED"])
        return versions[-1]

    def metadata(fake):
        class Metadata(Handler):
            def do_GET(self):
                if self.headers.get("metadata-flavor") != "Google":
                    return self.tell(403, "")
                flavour = [("metadata-flavor", "Google")]
                if self.path.startswith("/computeMetadata/v1/universe"):
                    return self.tell(200, "googleapis.com", flavour)
                self.tell(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}, flavour)
        return Metadata

    def handler(fake):
        class SecretManager(Handler):
            def error(self, status, code):
                self.tell(status, {"error": {"code": status, "message": "of the show", "status": code}})

            def model(self, name, version):
                return {"name": f"projects/shop/secrets/{name}/versions/{version[0]}", "state": version[2]}

            def asked(self):
                """The parts of the path behind the project's secrets, and the verb after the colon."""
                body = self.body()
                if not self.is_logged_in():
                    self.error(401, "UNAUTHENTICATED")
                    return None
                path, _, verb = urllib.parse.unquote(urllib.parse.urlparse(self.path).path).partition(":")
                parts = path.strip("/").split("/")
                if parts[:4] != ["v1", "projects", "shop", "secrets"]:
                    self.error(404, "NOT_FOUND")
                    return None
                return parts[4:], verb, json.loads(body) if body else {}

            def do_GET(self):
                asked = self.asked()
                if asked is None:
                    return
                parts, verb, _ = asked
                if not parts:
                    names = [{"name": f"projects/shop/secrets/{name}"} for name in sorted(fake.secrets)]
                    return self.tell(200, {"secrets": names, "totalSize": len(names)})
                versions = fake.secrets.get(parts[0])
                if not versions:
                    return self.error(404, "NOT_FOUND")
                if len(parts) == 2:
                    return self.tell(200, {"versions": [self.model(parts[0], v) for v in reversed(versions)]})
                meant = versions[-1:] if parts[2] == "latest" else [v for v in versions if str(v[0]) == parts[2]]
                if not meant:
                    return self.error(404, "NOT_FOUND")
                if not verb:
                    return self.tell(200, self.model(parts[0], meant[0]))
                if meant[0][2] != "ENABLED":
                    return self.error(400, "FAILED_PRECONDITION")
                payload = {"data": base64.b64encode(meant[0][1]).decode(), "dataCrc32c": str(crc32c(meant[0][1]))}
                self.tell(200, {"name": self.model(parts[0], meant[0])["name"], "payload": payload})

            def do_POST(self):
                asked = self.asked()
                if asked is None:
                    return
                parts, verb, body = asked
                if not parts:
                    name = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)["secretId"][0]
                    if name in fake.secrets:
                        return self.error(409, "ALREADY_EXISTS")
                    fake.secrets[name] = []
                    return self.tell(200, {"name": f"projects/shop/secrets/{name}"})
                if parts[0] not in fake.secrets:
                    return self.error(404, "NOT_FOUND")
                if verb == "addVersion":
                    data = base64.b64decode(body["payload"]["data"])
                    if int(body["payload"].get("dataCrc32c", crc32c(data))) != crc32c(data):
                        return self.error(400, "INVALID_ARGUMENT")
                    return self.tell(200, self.model(parts[0], fake.put(parts[0], data)))
                states = {"destroy": "DESTROYED", "disable": "DISABLED", "enable": "ENABLED"}
                version = next(v for v in fake.secrets[parts[0]] if str(v[0]) == parts[2])
                version[2] = states[verb]
                self.tell(200, self.model(parts[0], version))
        return SecretManager


def crc32c(data):
    """The sum that Google sends along with values (Castagnoli)."""
    sum = 0xFFFFFFFF
    for byte in data:
        sum ^= byte
        for _ in range(8):
            sum = sum >> 1 ^ (0x82F63B78 if sum & 1 else 0)
    return sum ^ 0xFFFFFFFF
