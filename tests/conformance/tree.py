"""Makes a repository with planted tokens: `tree.py FOLDER [COUNT | hash]`.

Without a second word: odd names, a clean folder, a suppressed finding. With a number: so many findings. With `hash`:
files whose lines end, repeat and look in every way that the line hash must cope with.
"""
import os
import random
import string
import subprocess
import sys
import zlib

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
rng = random.Random(7)


def token():
    """A GitHub token whose checksum holds; assembled here, so that none stands in the repository."""
    body = "".join(rng.choice(DIGITS) for _ in range(30))
    number, check = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        check = DIGITS[digit] + check
    return "ghp_" + body + check.rjust(6, "0")


def write(name, text):
    data = text if isinstance(text, bytes) else text.encode()
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


root, kind = sys.argv[1], (sys.argv[2:] or [""])[0]
os.makedirs(root)
subprocess.run(["git", "init", "-q", root], check=True)
if kind == "hash":
    texts = {
        "lf": "a\n\nkey = '{}'\nb\n",
        "crlf": "a\r\n\r\nkey = '{}'\r\nb\r\n",
        "cr": "a\r\rkey = '{}'\rb\r",
        "tabs": "\t\ta\n\t key\t=  '{}' \t\n\n",
        "beyond": "😀😀\n鍵 😀 = '{}' é\n😀\n",
        "last": "a\nkey = '{}'",
        "alone": "{}",
        "long": "key = '{}' " + "x" * 500 + "\ny\n",
        "blank": " \t \nkey = '{}'\n \t\n",
    }
    for name, text in texts.items():
        write(name + ".py", text.format(token()))
    same = f"key = '{token()}'\n" + "filler\n" * 40
    write("repeated.py", same * 4)
elif kind:
    for file in range(60):
        lines = (f"key_{n} = '{token()}'\n" for n in range(int(kind) // 60))
        write(f"f{file:02}.py", "".join(lines))
else:
    for name in ("a b#c%d\\e.py", "ü漢.py", "new\nline.py", "co:lon,comma.py", "q?&=+.py"):
        write("odd/" + name, f"x = 1\nkey = '{token()}'  # é 😀\n")
    write("src/two.py", f"a = '{token()}'; b = '{token()}'\n")
    write("src/url.py", "url = 'postgres://app:" + "Zq8vT3mXw2LpR7dK" + "@db.internal:5432/app'\n")  # leakward:allow
    write("src/suppressed.py", f"key = '{token()}'  # leakward:allow\n")
    write("clean/a.py", "print('nothing')\n")
