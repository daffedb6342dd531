"""`schtasks`, `icacls` and `whoami` as far as this program uses them, as real programs with a memory.

Started as `fake_windows.py PROGRAM ARGUMENTS...`; what they know and were told stands in the file FAKE_WINDOWS.
"""

import csv
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
ACCOUNTS = {"OFFICE\\svc": "S-1-5-21-7-7-7-1001", "OFFICE\\managed$": "S-1-5-21-7-7-7-1002"}
ACCOUNT_PASSWORD = "Account-Passw0rd-of-svc"
INHERITED = [["A", "OICIID", "SY"], ["A", "OICIID", "BA"], ["A", "OICIID", "BU"]]
NO_MAPPING, NOT_YET_RUN = 1332, 0x41303


def install(folder: Path) -> dict[str, str]:
    """Put the programs into a folder; return the environment in which they are found."""
    folder.mkdir()
    for name in ("schtasks", "icacls", "whoami"):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{__file__}" {name} "$@"\n')
        program.chmod(0o700)
    memory = folder / "memory.json"
    memory.write_text(json.dumps({"calls": [], "tasks": {}, "rights": {}}))
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "FAKE_WINDOWS": str(memory)}


def icacls(memory: dict, target: str, *arguments: str) -> int:
    rights = memory["rights"].setdefault(target, [list(entry) for entry in INHERITED])
    waiting, action = list(arguments), ""
    while waiting:
        word = waiting.pop(0)
        if word == "/inheritance:r":
            rights[:] = [entry for entry in rights if "ID" not in entry[1]]
        elif word == "/save":
            acl = "".join(f"({kind};{flags};FA;;;{who})" for kind, flags, who in rights)
            Path(waiting.pop(0)).write_bytes(f"{Path(target).name}\r\nD:PAI{acl}\r\n".encode("utf-16-le"))
        elif word.startswith("/"):
            action = word
        elif action in ("/grant", "/grant:r"):
            name, _, right = word.partition(":")
            sid = name[1:] if name.startswith("*") else ACCOUNTS.get(name)
            if sid is None:
                print(f"{name}: No mapping between account names and security IDs was done.")
                return NO_MAPPING
            rights[:] = [entry for entry in rights if entry[2] != sid or "ID" in entry[1]]
            flags = "".join(flag for flag in ("OI", "CI") if f"({flag})" in right)
            rights.append(["A", flags, "BA" if sid == "S-1-5-32-544" else sid])
    return 0


def schtasks(memory: dict, verb: str, *arguments: str) -> int:
    words = list(arguments)
    options = {word: words[at + 1] if at + 1 < len(words) else "" for at, word in enumerate(words) if word[:1] == "/"}
    name, tasks = options["/TN"], memory["tasks"]
    if verb == "/Create":
        return create(tasks, name, options)
    if name not in tasks:
        print("ERROR: The system cannot find the file specified.", file=sys.stderr)
        return 1
    if verb == "/Delete":
        del tasks[name]
    elif verb == "/Run":
        tasks[name]["result"] = run(tasks[name]["xml"])
    elif verb == "/Query":
        row = ["PC", f"\\{name}", "1/1/2030 1:00:00 AM", "Bereit", "Interactive", "1/1/2030 12:57:00 AM"]
        csv.writer(sys.stdout).writerow([*row, tasks[name]["result"], "StickySync", "the command"])
    return 0


def create(tasks: dict, name: str, options: dict[str, str]) -> int:
    xml = Path(options["/XML"]).read_bytes().decode("utf-16")
    principal = ElementTree.fromstring(xml.partition("?>")[2]).find(f".//{NAMESPACE}Principal")
    assert principal is not None
    logon, user = principal.findtext(f"{NAMESPACE}LogonType"), principal.findtext(f"{NAMESPACE}UserId")
    if logon == "Password":
        given = options.get("/RP")
        if given == "*":
            print(f"Please enter the run as password for {options['/RU']}: ", end="", flush=True)
            # Byte by byte, since whoever asks next reads on from there.
            given = b"".join(iter(lambda: os.read(0, 1), b"\n")).decode()
        if options.get("/RU") != user or given != ("" if user.endswith("$") else ACCOUNT_PASSWORD):
            print("ERROR: The user name or password is incorrect.", file=sys.stderr)
            return 1
    tasks[name] = {"xml": xml, "result": NOT_YET_RUN}
    return 0


def run(xml: str) -> int:
    """The action as the scheduler runs it: with no environment of who registered it, and here without a key store."""
    action = ElementTree.fromstring(xml.partition("?>")[2]).find(f".//{NAMESPACE}Exec")
    assert action is not None
    if result := os.environ.get("FAKE_WINDOWS_RESULT"):
        return int(result)
    command = [action.findtext(f"{NAMESPACE}Command", ""), *shlex.split(action.findtext(f"{NAMESPACE}Arguments", ""))]
    environment = {"PATH": os.environ["PATH"], "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    folder = action.findtext(f"{NAMESPACE}WorkingDirectory")
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


def main() -> int:
    program, *arguments = sys.argv[1:]
    file = Path(os.environ["FAKE_WINDOWS"])
    memory = json.loads(file.read_text())
    memory["calls"].append([program, *arguments])
    if program == "whoami":
        print("OFFICE\\tech")
        code = 0
    else:
        code = {"icacls": icacls, "schtasks": schtasks}[program](memory, *arguments)
    file.write_text(json.dumps(memory))
    return code


if __name__ == "__main__":
    sys.exit(main())
