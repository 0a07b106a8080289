"""Verification and rotation against the clouds: AWS as ministack plays it, without and with a function that rotates,
Azure and Google as servers of our own play them. Each manager holds a database's password; it leaks, is verified, is
rotated while a client goes on, and is verified again."""

import base64
import json
import sys

from fakes import Azure, Google, RotationFunction
from stage import TOOLS, Client, Postgres, Stage, free_port, random, wait_for


class Aws:
    """A ministack, and what an administrator does with it."""

    def __init__(self, stage):
        import boto3
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        stage.start([TOOLS + "/venv/bin/ministack"], env={"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)})
        stage.env |= {"AWS_ENDPOINT_URL": address, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "testing",
                      "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
        self.client = boto3.client("secretsmanager", endpoint_url=address, region_name="eu-west-1",
                                   aws_access_key_id="testing", aws_secret_access_key="testing")
        wait_for("ministack", self.is_ready)
        self.known = set()

    def is_ready(self):
        try:
            return self.client.list_secrets() is not None
        except Exception as error:
            raise OSError(str(error))

    def put(self, name, value):
        if name in self.known:
            self.client.put_secret_value(SecretId=name, SecretString=value)
        else:
            self.client.create_secret(Name=name, SecretString=value)
            self.known.add(name)


CLOUDS = {
    # Name of the manager, its part of the configuration, the database's secret, how the agent asks for it.
    "AWS (ministack)": ("aws", Aws, "", "prod/db"),
    "Azure (a fake of ours, the official SDK)": ("azure", Azure, "address = 'https://shop.vault.azure.net'\n", "prod-db"),
    "Google (a fake of ours, the official SDK)": ("gcp", Google, "project = 'shop'\nendpoint = '{address}'\n", "prod-db"),
}


def show(title, kind, cloud, more, secret):
    stage = Stage(title)
    try:
        manager, postgres = cloud(stage), Postgres(stage)
        old, new, pin, other, weak = random(), random(), random(), random(), "mangrove-tidewater"
        postgres.administer(f"create role app login password '{new}'")
        document = lambda password: json.dumps({"username": "app", "password": password, "port": 5432})
        manager.put(secret, document(old))
        manager.put(secret, document(new))
        manager.put("pin", pin)
        manager.put("weak", weak)
        more = more.format(address=getattr(manager, "address", ""))
        config = stage.write("leakward.toml", f"[managers.prod]\nprovider = '{kind}'\n{more}")
        mapping = stage.write("map.toml", f"[providers.prod]\nkind = '{kind}'\n{more}[secrets.db]\nprovider = 'prod'\npath = '{secret}'\n")
        stage.commit({"README.md": "A shop.\n"}, "begin")
        stage.commit({
            "1-plain.py": f"password = '{new}'\n",
            "2-an-earlier-version.py": f"password = '{old}'\n",
            "3-base64.yaml": f"data:\n  password: {base64.b64encode(new.encode()).decode()}\n",
            "4-in-a-url.env": f"DATABASE_URL=postgresql://app:{new}@db.shop.internal/shop\n",
            "5-another-secret.toml": f'pin = "{pin}"\n',
            "6-a-weak-word.md": f"Try {weak} if the door is shut.\n",
            "7-of-nobody.py": f"password = '{other}'\n"}, "work")
        expected = {"1-plain.py": "current", "2-an-earlier-version.py": "previous", "3-base64.yaml": "current",
                    "4-in-a-url.env": "current", "5-another-secret.toml": "current", "6-a-weak-word.md": "current",
                    "7-of-nobody.py": "unmanaged"}
        scan = ["git", "--verify", "--known", "--config", config]
        code, found = stage.verdicts(expected, *scan)
        stage.check("exit code 1", code == 1, str(code))

        print("   -- the database's password is rotated while a client goes on")
        hook = postgres.hook(stage, "app")
        client = Client(stage, postgres, "app", "db", "password", ["--map-file", mapping])
        client.goes_on(3)
        stage.check("the leaked password opens the database", postgres.query("app", new))
        name = found["1-plain.py"][0]["fingerprint"]
        rotate = ["rotate", name, "--config", config, "--history", "--hook", hook]
        code, out, _ = stage.leakward(*rotate)
        stage.check("a plan changes nothing", code == 0 and "nothing was changed" in out and postgres.query("app", new), out)
        code, out, _ = stage.leakward(*rotate, "--apply")
        stage.check("rotated: the finding is previous now", code == 0 and "the finding is previous now" in out, out)
        client.goes_on(5)
        client.ends()
        stage.check("the leaked password opens nothing", not postgres.query("app", new))
        stage.check(f"{client.done} queries of the client, {client.failed} failed "
                    f"(it asked again {client.asked_again} times)", client.failed == 0)
        stage.verdicts({place: "previous" if place[0] in "134" else state for place, state in expected.items()}, *scan)
        one = ["scan", "1-plain.py", "--verify", "--config", config]
        stage.check("previous fails no run", stage.leakward(*one)[0] == 0)
        stage.check("--fail-on previous makes it fail", stage.leakward(*one, "--fail-on", "previous")[0] == 1)

        print("   -- a value of nobody is put into the manager")
        name = found["7-of-nobody.py"][0]["fingerprint"]
        code, out, error = stage.leakward("adopt", name, "--path", "adopted", "--config", config, "--apply")
        stage.check("adopted", code == 0, out + error)
        code, _ = stage.verdicts({**expected, "1-plain.py": "previous", "3-base64.yaml": "previous",
                                  "4-in-a-url.env": "previous", "7-of-nobody.py": "current"}, *scan)
        stage.no_canaries()
        if isinstance(manager, Azure):
            asked = set(manager.hosts)
            stage.check("through the proxy, Azure's own names alone", asked == {Azure.HOST, Azure.LOGIN}, str(asked))
    finally:
        failed = stage.end()
    return failed


def show_rotation_function():
    """AWS rotates by itself: it is told to, killed while it does and asked again, and looked at until it is done."""
    stage = Stage("AWS (ministack) with a function that rotates")
    try:
        manager, postgres = Aws(stage), Postgres(stage)
        old = random()
        postgres.administer(f"create role app login password '{old}'")
        manager.put("prod/db", json.dumps({"username": "app", "password": old}))
        change = lambda password: postgres.administer(f"alter role app password '{password}'")
        test = lambda password: postgres.query("app", password)
        aws = RotationFunction(stage.env["AWS_ENDPOINT_URL"], manager.client, random, change, test)
        stage.env["AWS_ENDPOINT_URL"] = aws.address
        held = lambda: json.loads(manager.client.get_secret_value(SecretId="prod/db")["SecretString"])["password"]
        config = stage.write("leakward.toml", "[managers.prod]\nprovider = 'aws'\n")
        mapping = stage.write("map.toml", "[providers.prod]\nkind = 'aws'\n[secrets.db]\nprovider = 'prod'\npath = 'prod/db'\n")
        stage.commit({"a.py": f"password = '{old}'\n"}, "begin")
        scan = ["git", "--verify", "--config", config]
        _, found = stage.verdicts({"a.py": "current"}, *scan)
        rotate = ["rotate", found["a.py"][0]["fingerprint"], "--config", config, "--history", "--hook", "[ $LEAKWARD_STEP != rollback ]"]
        code, out, _ = stage.leakward(*rotate)
        stage.check("a plan names the call and asks nothing", code == 0 and "RotateSecret" in out and not aws.begun, out)
        client = Client(stage, postgres, "app", "db", "password", ["--map-file", mapping])
        client.goes_on(3)
        code, out, _ = stage.leakward(*rotate, "--apply")
        client.goes_on(3)
        stage.check("rotated: the finding is previous now", code == 0 and "the finding is previous now" in out, out)
        stage.check("asked once", (len(aws.begun), aws.refused) == (1, 0))
        stage.check("the version in force is the one that was asked for", aws.stages("prod/db")["AWSCURRENT"] == aws.begun[0])
        stage.check("the leaked password opens nothing", not postgres.query("app", old))
        stage.check("the new one does", postgres.query("app", held()))

        print("   -- it leaks again; the program is killed while AWS rotates")
        old = held()
        stage.commit({"a.py": f"password = '{old}'\n"}, "leaks again")
        by_path = ["rotate", "prod/db", "--field", "password", "--config", config, "--without-hook", "--apply"]
        aws.may_go_on.clear()
        cut = stage.begin(*by_path)
        wait_for("AWS", lambda: len(aws.begun) == 2 and "AWSPENDING" in aws.stages("prod/db"))
        cut.kill()
        stage.check("killed", cut.wait() == -9)
        again = stage.begin(*by_path)
        wait_for("the second request", lambda: aws.refused == 1)
        stage.check("the same rotation is waited for, not another begun", len(aws.begun) == 2 and again.poll() is None)
        aws.may_go_on.set()
        out, error = again.communicate()
        stage.said += [out, error]
        stage.check("done", again.returncode == 0, out + error)
        stage.check("the leaked password opens nothing", old != held() and not postgres.query("app", old))
        code, out, _ = stage.leakward("rotate", "--unfinished")
        stage.check("nothing is left over", out == "no rotation was cut off\n", out)

        print("   -- somebody else's rotation is under way")
        in_force = held()
        manager.client.put_secret_value(SecretId="prod/db", SecretString=json.dumps({"password": random()}), VersionStages=["AWSPENDING"])
        code, out, error = stage.leakward(*by_path, codes=(2,))
        stage.check("refused, and said why", code == 2 and "another rotation is under way" in error, error)
        stage.check("nothing was changed", held() == in_force and len(aws.begun) == 2)
        client.goes_on(3)
        client.ends()
        stage.check(f"{client.done} queries of the client, {client.failed} failed "
                    f"(it asked again {client.asked_again} times)", client.failed == 0)
        stage.no_canaries()
    finally:
        failed = stage.end()
    return failed


def main():
    only = sys.argv[1:]
    chosen = [(title, *all) for title, all in CLOUDS.items() if not only or all[0] in only]
    failed = sum(show(*each) for each in chosen)
    if not only or "aws" in only:
        failed += show_rotation_function()
    sys.exit(1 if failed else 0)


main()
