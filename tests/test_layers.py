"""Who may import whom, which calls are banned, and where secrets may be opened.

The table is the architecture; a new arrow is a decision, not an edit of this file in passing.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "stickysync_gui"
MAX_LINES = 400

SMALL_MODULES = frozenset(
    {"settings", "keychain", "paths", "logs", "bugs", "history", "schedule", "parts", "autostart"}
)
BELOW_BACKEND = frozenset({"domain", "errors", "storage", "itglue", "sync", "sandbox"}) | SMALL_MODULES


@dataclass(frozen=True, slots=True)
class Layer:
    """What the modules of a layer may import besides the standard library and each other.

    `own` names layers, or single modules such as `storage.tables`; `foreign` other distributions' packages.
    """

    own: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    typing_only: frozenset[str] = frozenset()


def layer(own: str = "", foreign: str = "", typing_only: str = "") -> Layer:
    return Layer(frozenset(own.split()), frozenset(foreign.split()), frozenset(typing_only.split()))


LAYERS = {
    "__init__": layer(),
    "__main__": layer("app"),
    "errors": layer("domain"),
    "domain": layer("errors"),
    "storage": layer("domain errors", "sqlalchemy pymysql cryptography"),
    "itglue": layer("domain errors"),
    "sync": layer("domain errors storage itglue"),
    "sandbox": layer("domain storage.tables storage.decrypt", "sqlalchemy h11"),
    **dict.fromkeys(SMALL_MODULES, layer("domain errors paths")),
    "backend": Layer(BELOW_BACKEND),
    "cli": Layer(SMALL_MODULES | {"backend", "domain", "errors"}, frozenset({"click", "rich"})),
    "ui": layer("domain errors settings paths bugs parts autostart", "PySide6", typing_only="backend"),
    "app": layer("desktop ui paths bugs", "PySide6"),
    "desktop": layer("backend ui settings paths logs bugs autostart", "PySide6 qasync", typing_only="app"),
}
# Packages that one module keeps to itself, so that replacing them is a change in one place.
FOREIGN_OF_MODULE = {
    "domain.matching": frozenset({"rapidfuzz"}),
    "itglue.proxied": frozenset({"httpx"}),
    "itglue.wire": frozenset({"h11"}),
    "keychain": frozenset({"keyring"}),
    "paths": frozenset({"platformdirs"}),
    "settings": frozenset({"platformdirs", "tomli_w"}),
}

BANNED = {
    "a nested event loop": r"\.exec_?\(|\bprocessEvents\b",
    "a coroutine behind a slot's back": r"\basync(Slot|Close|Wrap)\b",
    "a proxy model": r"\bQ\w*ProxyModel\b",
    "a static dialog call": r"\bQMessageBox\.(question|information|warning|critical|about|aboutQt)\("
    r"|\bQFileDialog\.get\w+\(|\bQ(Input|Color|Font)Dialog\.get\w+\(",
    "the ORM": r"\bsqlalchemy\.orm\b|\bDeclarativeBase\b|\bsessionmaker\b",
}
# A drag is a nested loop of the system's own; it begins in a mouse event, never in a task.
ALLOWED = {"ui/mapping/drop_table.py": "drag.exec(actions, Qt.DropAction.CopyAction)"}
VAGUE_NAMES = re.compile(r"utils?|helpers?|managers?|handlers?", re.IGNORECASE)
REVEALERS = (
    "storage/",
    "itglue/",
    "keychain.py",
    # Shows a proposed passphrase once, on a terminal, to be copied into the team's vault.
    "cli/prompts.py",
    # Shows it in the window, for the same purpose.
    "ui/configuration/passphrase.py",
    # Writes the secrets of a task that runs without a login into files that its account alone can read.
    "schedule/private_folder.py",
)

# What must not even be loaded when all modules of these layers are imported, in a fresh interpreter.
NOT_LOADED = {
    "app": {"asyncio", "qasync", "sqlalchemy", "pymysql", "keyring", "stickysync_gui.desktop"},
    "desktop": {"sqlalchemy", "pymysql", "httpx", "keyring", "stickysync_gui.backend"},
    "cli": {"PySide6", "shiboken6", "qasync"},
    "ui": {"sqlalchemy", "pymysql", "httpx", "keyring", "qasync", "stickysync_gui.backend"},
}

# What reading a command line does without: each of these takes longer to load than the reading itself.
NOT_LOADED_TO_READ_A_COMMAND_LINE = {"asyncio", "dataclasses", "logging", "platformdirs", "rich", "sqlalchemy"}


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's target, by the module's name within the package or the foreign package's name."""

    target: str
    own: bool
    typing_only: bool
    line: int


@dataclass(frozen=True, slots=True)
class Module:
    """A source file; `name` is dotted and without the package's own name."""

    name: str
    path: Path
    source: str

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]


def modules(package: Path) -> Iterator[Module]:
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        yield Module(name, path, path.read_text(encoding="utf-8"))


def imports(module: Module) -> Iterator[Import]:
    tree = ast.parse(module.source)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            full_names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # The imported name may be a module; as a longer name it does no harm where it is not.
            full_names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for full_name in full_names:
            first, _, rest = full_name.partition(".")
            if first == PACKAGE.name:
                yield Import(rest, True, id(node) in typing_only, node.lineno)
            elif first not in sys.stdlib_module_names:
                yield Import(first, False, id(node) in typing_only, node.lineno)


def allows(module: Module, rules: Layer, found: Import) -> bool:
    if not found.own:
        return found.target in rules.foreign | FOREIGN_OF_MODULE.get(module.name, frozenset())
    if found.target == "__version__":
        return True
    permitted = rules.own | {module.layer} | (rules.typing_only if found.typing_only else frozenset())
    return any(found.target == name or found.target.startswith(f"{name}.") for name in permitted)


def wrong_arrows(package: Path) -> list[str]:
    faults = []
    for module in modules(package):
        rules = LAYERS.get(module.layer)
        if rules is None:
            faults.append(f"{module.name}: belongs to no layer of the table")
            continue
        faults += [
            f"{module.path.relative_to(package)}:{found.line}: {module.layer} must not import {found.target}"
            for found in imports(module)
            if not allows(module, rules, found)
        ]
    return faults


def lines_with(package: Path, pattern: str) -> list[str]:
    return [
        f"{module.path.relative_to(package).as_posix()}:{number}: {line.strip()}"
        for module in modules(package)
        for number, line in enumerate(module.source.splitlines(), 1)
        if re.search(pattern, line)
    ]


def foreign_reveals(package: Path) -> list[str]:
    return [line for line in lines_with(package, r"\.reveal\(") if not line.startswith(REVEALERS)]


def test_the_package_is_there_to_be_judged() -> None:
    assert {"errors", "domain"} <= {module.layer for module in modules(PACKAGE)}


def test_imports_follow_the_table() -> None:
    assert wrong_arrows(PACKAGE) == []


@pytest.mark.parametrize("what", BANNED)
def test_banned_calls_stand_nowhere(what: str) -> None:
    found = lines_with(PACKAGE, BANNED[what])
    assert [
        line for line in found if not any(re.fullmatch(rf"{a}:\d+: {re.escape(b)}", line) for a, b in ALLOWED.items())
    ] == []


def test_no_module_has_outgrown_its_concept() -> None:
    lengths = {module.name: len(module.source.splitlines()) for module in modules(PACKAGE)}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_module_is_named_after_nothing() -> None:
    names = [module.name for module in modules(PACKAGE)]
    assert [name for name in names if any(VAGUE_NAMES.fullmatch(w) for w in re.split(r"[._]", name))] == []


def test_secrets_are_opened_only_where_they_are_used() -> None:
    assert foreign_reveals(PACKAGE) == []


@pytest.mark.parametrize("shell", sorted(NOT_LOADED.keys() & {module.layer for module in modules(PACKAGE)}))
def test_importing_a_shell_loads_no_more_than_it_needs(shell: str) -> None:
    names = [f"{PACKAGE.name}.{module.name}" for module in modules(PACKAGE) if module.layer == shell]
    assert NOT_LOADED[shell].isdisjoint(loaded_by(f"import {', '.join(names)}"))


def test_a_command_line_is_read_before_anything_for_the_work_is_loaded() -> None:
    loaded = loaded_by(f"from {PACKAGE.name}.cli.main import main; main(['--version'])")
    assert NOT_LOADED_TO_READ_A_COMMAND_LINE.isdisjoint(loaded)


def loaded_by(statements: str) -> list[str]:
    """The modules that a fresh interpreter has after these statements."""
    script = f"{statements}; import json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def spec_value(name: str) -> ast.expr:
    tree = ast.parse((REPOSITORY / "build_installer.spec").read_text(encoding="utf-8"))
    (value,) = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    return value


def test_the_frozen_build_keeps_the_qt_modules_that_the_package_imports_and_no_other() -> None:
    used = {name for module in modules(PACKAGE) for name in re.findall(r"\bPySide6\.(Qt\w+)", module.source)}
    assert set(ast.literal_eval(spec_value("QT_MODULES"))) == used


def test_the_frozen_build_leaves_out_nothing_that_the_package_imports() -> None:
    excluded = {node.value for node in ast.walk(spec_value("UNUSED_MODULES")) if isinstance(node, ast.Constant)}
    assert "sqlalchemy.orm" in excluded
    full_names = {name for module in modules(PACKAGE) for name in all_imported(module)}
    assert {name for name in full_names for one in excluded if name == one or name.startswith(f"{one}.")} == set()


def all_imported(module: Module) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# -- the judges themselves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/plan.py", "import sqlalchemy"),
        ("domain/plan.py", "from rapidfuzz import fuzz"),
        ("domain/plan.py", "from stickysync_gui import storage"),
        ("errors.py", "from stickysync_gui.paths import home"),
        ("storage/plugin.py", "def late():\n    from stickysync_gui.itglue.client import ItGlue"),
        ("itglue/bulk.py", "import httpx"),
        ("sync/engine.py", "import httpx"),
        ("sandbox/automate.py", "from stickysync_gui.storage.plugin import links"),
        ("cli/main.py", "from PySide6.QtCore import QObject"),
        ("cli/run.py", "from stickysync_gui.sync.engine import apply"),
        ("ui/main_window.py", "import stickysync_gui.backend"),
        ("ui/main_window.py", "from stickysync_gui.backend import Backend"),
        ("ui/passwords/page.py", "import qasync"),
        ("app.py", "from stickysync_gui.backend import Backend"),
        ("desktop.py", "from stickysync_gui.storage.database import Database"),
        ("plugins.py", ""),
    ],
)
def test_a_wrong_arrow_is_seen(tmp_path: Path, path: str, source: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(source)
    assert len(wrong_arrows(tmp_path)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/matching.py", "import re\nfrom rapidfuzz import fuzz\nfrom stickysync_gui.errors import Refused"),
        ("itglue/proxied.py", "import httpx\nfrom stickysync_gui.itglue import words"),
        ("sandbox/automate.py", "from stickysync_gui.storage import tables"),
        ("cli/main.py", "import click\nfrom stickysync_gui import __version__\nfrom stickysync_gui import settings"),
        ("ui/main_window.py", "if TYPE_CHECKING:\n    from stickysync_gui.backend import Backend"),
        ("app.py", "def late():\n    from stickysync_gui import desktop"),
        ("desktop.py", "def late():\n    from stickysync_gui.backend import Backend"),
    ],
)
def test_a_right_arrow_is_left_alone(tmp_path: Path, path: str, source: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(source)
    assert wrong_arrows(tmp_path) == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a nested event loop", "dialog.exec()"),
        ("a nested event loop", "QApplication.processEvents()"),
        ("a coroutine behind a slot's back", "@asyncSlot()"),
        ("a proxy model", "class Filter(QSortFilterProxyModel):"),
        ("a static dialog call", "QMessageBox.question(self, 'Sure?', 'Really?')"),
        ("a static dialog call", "QFileDialog.getOpenFileName(self)"),
        ("the ORM", "from sqlalchemy.orm import Session"),
    ],
)
def test_a_banned_call_is_seen(tmp_path: Path, what: str, line: str) -> None:
    (tmp_path / "page.py").write_text(f"pass\n{line}\n")
    assert lines_with(tmp_path, BANNED[what]) == [f"page.py:2: {line}"]


def test_a_reveal_in_the_wrong_place_is_seen(tmp_path: Path) -> None:
    for folder in ("storage", "ui"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "forms.py").write_text("value = secret.reveal()\n")
    assert foreign_reveals(tmp_path) == ["ui/forms.py:1: value = secret.reveal()"]
