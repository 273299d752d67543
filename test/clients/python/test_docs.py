"""Runs the blocks of the documentation as somebody would who pastes them from top to bottom of a page.

`sh` blocks of a page share one shell, `python` blocks one interpreter that sees what the shell exported, and `js` blocks run as
modules of test/clients/js. `http://localhost:7654` stands for a fresh `cognate dev`, `cognate` for the binary under test. A block
that cannot run here says `no-test` after its language, and the sentence before it says why.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from server import ROOT, Server, binary, environment

# The pages whose blocks run.
PAGES = ["docs/sessions.md", "docs/sign-in.md", "docs/step-up.md", "docs/messages.md", "docs/triggers.md", "docs/getting-started.md",
         "docs/verify-tokens.md", "docs/oauth.md", "docs/oidc.md", "docs/managed-login.md", "README.md"]
FENCE = re.compile(r"^```(\S+)[ \t]*([^\n]*)\n(.*?)^```$", re.M | re.S)
RUN = {"sh", "python", "js"}


def blocks(text: str):
    """Language, whether it runs, code and line of every block that a reader could run."""
    for m in FENCE.finditer(text):
        if m[1] in RUN:
            yield m[1], "no-test" not in m[2].split(), m[3], text.count("\n", 0, m.start()) + 1


class Reader:
    """A terminal and an interpreter for one page."""

    def __init__(self, server: Server, folder: pathlib.Path):
        self.server, self.folder, self.names = server, folder, {}
        tools = folder / "tools"
        tools.mkdir()
        (tools / "cognate").symlink_to(binary())
        self.env = environment(PATH=os.pathsep.join([str(tools), os.path.dirname(sys.executable), os.environ["PATH"]]), HOME=str(folder))
        self.state = ""  # what the shell has defined so far

    def sh(self, code: str, where: str):
        """Runs a block in a shell that knows the variables and functions of those before."""
        after = self.folder / "state"
        script = f"{self.state}\nset -e -o pipefail\n{code}\nset +e\n{{ export -p; declare -f; }} > {after}\n"
        done = subprocess.run(["bash", "-c", script], cwd=self.server.folder.name, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{where} ended with {done.returncode}\n{code}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        self.state = after.read_text()
        told = subprocess.run(["bash", "-c", self.state + "\nenv -0"], env=self.env, capture_output=True, text=True, check=True).stdout
        self.env = dict(item.split("=", 1) for item in told.split("\0") if "=" in item)

    def python(self, code: str, where: str, monkeypatch):
        with monkeypatch.context() as m:
            for name in list(os.environ):
                m.delenv(name)
            for name, value in self.env.items():
                m.setenv(name, value)
            m.chdir(self.server.folder.name)
            exec(compile(code, where, "exec"), self.names)

    def js(self, code: str, where: str):
        """Runs a block as a module that finds the packages of the JavaScript tests."""
        node = shutil.which("node")
        packages = ROOT / "test/clients/js/node_modules"
        assert node and packages.exists(), "Node.js or the packages of test/clients/js are missing: make deps-js"
        modules = self.folder / "node_modules"
        if not modules.exists():
            modules.symlink_to(packages)
        file = self.folder / "block.mjs"
        file.write_text(code)
        done = subprocess.run([node, file], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{where} ended with {done.returncode}\n{code}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


SEED = re.compile(r"^```yaml\n# shop.yaml\n(.*?)^```$", re.M | re.S)


def seed(page: str, folder: pathlib.Path) -> list:
    """The flag for the seed file of a page: the yaml block that is called shop.yaml."""
    found = SEED.search((ROOT / page).read_text())
    if not found:
        return []
    (folder / "seed.yaml").write_text(found[1])
    return ["--seed", str(folder / "seed.yaml")]


@pytest.mark.parametrize("page", PAGES)
def test_blocks_can_be_pasted(page, tmp_path, monkeypatch):
    server = Server("--data", ".cognate", *seed(page, tmp_path))
    try:
        reader, ran = Reader(server, tmp_path), 0
        for language, runs, code, line in blocks((ROOT / page).read_text()):
            if not runs:
                continue
            code, where = code.replace("http://localhost:7654", f"http://localhost:{server.port}"), f"{page}:{line}"
            if language == "sh":
                reader.sh(code, where)
            elif language == "python":
                reader.python(code, where, monkeypatch)
            else:
                reader.js(code, where)
            ran += 1
        assert ran, f"no block of {page} runs"
    finally:
        server.stop()


def test_fences_are_known():
    """Every page says of every block what it is, and blocks that do not run say so in a way that this file knows."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        for m in FENCE.finditer(page.read_text()):
            assert m[2].strip() in ("", "no-test"), f"{page.name}: ```{m[1]} {m[2]}"
