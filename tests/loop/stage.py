"""What the shows of verification and rotation share: a folder, PostgreSQL, the agent and a client behind it, the program
itself, and the table of what was expected and what came."""

import base64
import glob
import http.client
import json
import os
import secrets
import shutil
import socket
import string
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.environ.get("TOOLS", os.path.join(ROOT, "target/tools"))
PROGRAM = os.environ.get("LEAKWARD", os.path.join(ROOT, "target/debug/leakward"))


# Every value that was made: none may be seen again where none belongs.
CANARIES = []


def random(length=24):
    """A password, made at run time."""
    letters = string.ascii_letters + string.digits
    CANARIES.append("".join(secrets.choice(letters) for _ in range(length - 3)) + "aB7")
    return CANARIES[-1]


def free_port(follows=False):
    """A free port of 127.0.0.1; with `follows`, the next one is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                if follows:
                    two.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                pass


def wait_for(what, ready, patience=60):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            if ready():
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    sys.exit(f"error: {what} did not become ready")


class Stage:
    """A temporary folder with a repository, and what runs in it. Ends what it started."""

    def __init__(self, name):
        if not os.access(PROGRAM, os.X_OK):
            sys.exit(f"error: no {PROGRAM}\nhelp: cargo build --features full --locked")
        self.folder = tempfile.mkdtemp(prefix="leakward-show-")
        os.chmod(self.folder, 0o755)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder, "LANG": "C.UTF-8",
                    "LEAKWARD_STATE": self.path("state"), "GIT_CONFIG_NOSYSTEM": "1", "TMPDIR": self.path("tmp"),
                    "RUST_LOG": "trace", "RUST_BACKTRACE": "full"}
        os.mkdir(self.path("tmp"))
        self.children, self.ends, self.said = [], [], []
        self.passed = self.failed = 0
        print(f"\n== {name}")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def start(self, command, env=None, log=None):
        with open(self.path(log or "server.log"), "ab") as out:
            child = subprocess.Popen(command, env={**self.env, **(env or {})}, cwd=self.folder,
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.children.append(child)
        return child

    def git(self, *args):
        who = ["-c", "user.name=show", "-c", "user.email=show@example.invalid", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *args], cwd=self.path("repo"), env=self.env, check=True, capture_output=True)

    def commit(self, files, message):
        """One commit; a file whose content is None is removed."""
        if not os.path.isdir(self.path("repo", ".git")):
            os.makedirs(self.path("repo"), exist_ok=True)
            self.git("init", "-q")
        for name, text in files.items():
            if text is None:
                os.remove(self.path("repo", name))
            else:
                self.write(os.path.join("repo", name), text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def leakward(self, *args, codes=(0, 1)):
        """Runs the program in the repository. Returns exit code, standard output, standard error."""
        print("   $ leakward " + " ".join(args).replace(self.folder, "…"))
        run = subprocess.run([PROGRAM, *args], cwd=self.path("repo"), env=self.env, capture_output=True, text=True)
        self.said += [run.stdout, run.stderr]
        if run.returncode not in codes:
            print(f"      exit code {run.returncode}: {run.stderr.strip()}{run.stdout.strip()[-1500:]}")
        return run.returncode, run.stdout, run.stderr

    def begin(self, *args):
        """Starts the program in the repository and does not wait for it."""
        print("   $ leakward " + " ".join(args).replace(self.folder, "…") + " &")
        child = subprocess.Popen([PROGRAM, *args], cwd=self.path("repo"), env=self.env, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        return child

    def check(self, what, holds, more=""):
        if holds:
            self.passed += 1
            print(f"   ok    {what}")
        else:
            self.failed += 1
            print(f"   FAIL  {what}  {more}")

    def verdicts(self, expected, *args):
        """Scans with `args`, prints one line for each place of `expected` ({place: state}) and checks it. Returns the
        findings by place."""
        code, out, _ = self.leakward(*args, "--format", "json")
        found, strangers = {}, set()
        for finding in json.loads(out)["findings"]:
            # A history tells of one value once, and names the other places that held it.
            for place in [finding["path"], *(finding.get("spread") or {}).get("other_paths", [])]:
                found.setdefault(place, []).append(finding)
                strangers |= {place} - set(expected)
        for place, state in expected.items():
            here = found.get(place, [])
            states = sorted({f["verdict"]["state"] for f in here})
            told = here[0]["verdict"] if here else {}
            more = " ".join(f"{key} {told[key]}" for key in ("path", "field", "version", "form") if told.get(key))
            self.check(f"{place:32} {', '.join(states) or 'nothing':10} {more}", states == [state], f"wanted {state}")
        self.check("nothing else is found", not strangers, str(strangers))
        return code, found

    def no_canaries(self, *files):
        """Checks that no value stands in what the program printed, nor in what it wrote: `files`, its state, its
        temporary files, what the agent logged."""
        texts = {"what it printed": "".join(self.said).encode()}
        left = [self.path(folder, name) for start in ("state", "tmp") for folder, _, names in os.walk(self.path(start)) for name in names]
        for path in [*files, *left, self.path("agent.log")]:
            if os.path.exists(path):
                with open(path, "rb") as file:
                    texts[os.path.relpath(path, self.folder)] = file.read()
        forms = lambda value: [value.encode(), base64.b64encode(value.encode()).rstrip(b"="), value.encode().hex().encode()]
        seen = [name for name, text in texts.items() for value in CANARIES if any(form in text for form in forms(value))]
        size = sum(map(len, texts.values()))
        self.check(f"none of {len(CANARIES)} values stands in {size} bytes that it printed or wrote", not seen, str(set(seen)))

    def end(self):
        for end in reversed(self.ends):
            end()
        for child in reversed(self.children):
            child.kill()
            child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        print(f"   {self.passed} passed, {self.failed} failed")
        return self.failed


class Postgres:
    """A PostgreSQL server on 127.0.0.1, which asks for passwords."""

    def __init__(self, stage):
        self.port, self.admin = free_port(), random()
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not programs:
            sys.exit("error: no PostgreSQL\nhelp: bash tests/setup.sh")
        self.bin, self.data = programs[-1], stage.path("pg")
        os.mkdir(self.data, 0o700)
        shutil.chown(self.data, "postgres", "postgres")
        file = stage.write("pg-admin", self.admin)
        os.chmod(file, 0o644)
        self.as_postgres(f"initdb -D {self.data} -A scram-sha-256 --no-sync --pwfile={file}")
        options = f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.as_postgres(f"pg_ctl -D {self.data} -o '{options}' -l {self.data}/log -w start")
        stage.ends.append(lambda: self.as_postgres(f"pg_ctl -D {self.data} -m immediate stop"))

    def as_postgres(self, command):
        line = f"{self.bin}/{command} >/dev/null 2>&1"
        command = ["su", "postgres", "-c", line] if os.getuid() == 0 else ["sh", "-c", line]
        subprocess.run(command, check=True)

    def query(self, user, password, statement="select current_user"):
        """Whether `user` may log in with `password` and run `statement`."""
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", "postgres", "-Atqc", statement]
        return subprocess.run(command, env={**os.environ, "PGPASSWORD": password}, capture_output=True).returncode == 0

    def administer(self, statement):
        assert self.query("postgres", self.admin, statement), "the administrator may do everything"

    def hook(self, stage, user):
        """A hook that gives `user` the new password; the command for --hook."""
        psql = f"psql -q -h 127.0.0.1 -p {self.port} -d postgres"
        text = f"""set -eu
set_to() {{ printf "alter role {user} password '%s'" "$1" | PGPASSWORD={self.admin} {psql} -U postgres; }}
case $LEAKWARD_STEP in
prepare) set_to "$LEAKWARD_NEW" ;;
verify) PGPASSWORD=$LEAKWARD_NEW {psql} -U {user} -c 'select 1' >/dev/null ;;
rollback) set_to "$LEAKWARD_OLD" ;;
esac
"""
        return "sh " + stage.write("hook.sh", text)


class Client:
    """Queries in a row as `user`, with the password that the agent tells; a login that is refused asks the agent for a
    fresh one. The agent is the fetcher: what it holds is cached, one read at the manager serves all."""

    def __init__(self, stage, postgres, user, secret, field, options=()):
        self.postgres, self.user, self.secret, self.field = postgres, user, secret, field
        self.done = self.failed = self.asked_again = 0
        self.stopped = False
        port = free_port()
        token = stage.path("agent-token")
        command = [PROGRAM, "agent", "--listen", f"127.0.0.1:{port}", "--token-file", token, "--ttl", "60s", *options]
        stage.start(command, log="agent.log")
        self.port, self.token = port, token
        wait_for("the agent", lambda: self.read() is not None)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def read(self, fresh=False):
        with open(self.token) as file:
            token = file.read().strip()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        query = urllib.parse.urlencode({"secretId": self.secret, "refreshNow": "true" if fresh else "false"})
        connection.request("GET", f"/secretsmanager/get?{query}", headers={"X-Aws-Parameters-Secrets-Token": token})
        answer = connection.getresponse()
        if answer.status != 200:
            return None
        text = json.loads(answer.read())["SecretString"]
        return json.loads(text)[self.field] if self.field else text

    def run(self):
        while not self.stopped:
            good = self.postgres.query(self.user, self.read() or "")
            patience = time.monotonic() + 30
            while not good and time.monotonic() < patience:
                # Between the database's change and the manager's.
                time.sleep(0.02)
                self.asked_again += 1
                good = self.postgres.query(self.user, self.read(fresh=True) or "")
            self.failed += not good
            self.done += 1

    def goes_on(self, more):
        wanted = self.done + more
        wait_for("the client", lambda: self.done >= wanted)

    def ends(self):
        self.stopped = True
        self.thread.join()
