"""The backends of docs/oidc.md as programs of their own: Flask with Authlib, and Apache with mod_auth_openidc."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

import pytest
import requests

import pages
from guide import guide
from server import Server, environment, free_port

ANA, SECRET = "ana@example.com", "Passw0rd!"
MODULES = pathlib.Path("/usr/lib/apache2/modules")  # Debian's


class Apps:
    """The server of the page, and where the apps of the page are; nothing waits for port 7654 or the others."""

    def __init__(self, folder: pathlib.Path):
        self.flask, self.apache = (f"http://localhost:{free_port()}" for _ in range(2))
        apps = {"p5000": self.flask, "p8081": self.apache}
        seed = folder / "shop.yaml"
        seed.write_text(guide(**apps)["shop.yaml"])
        self.server = Server("--ephemeral", "--seed", str(seed))
        self.issuer = self.server.url.replace("127.0.0.1", "localhost") + "/us-east-1_Shop00001"
        self.blocks = guide(p7654=self.server.url.replace("127.0.0.1", "localhost"), **apps)


@pytest.fixture
def folder():
    """A folder that other users may read, as the one that Apache changes to has to."""
    with tempfile.TemporaryDirectory(prefix="cognate-guide-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


@pytest.fixture
def apps(folder):
    apps = Apps(folder)
    yield apps
    apps.server.stop()


@pytest.fixture
def run(folder):
    """Starts a program and waits until an address answers; it is stopped when the test ends."""
    started = []

    def run(command: list, url: str):
        log = open(folder / "program.log", "w+b")
        process = subprocess.Popen(command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        started.append((process, log))
        for _ in range(1500):
            assert process.poll() is None, pathlib.Path(log.name).read_text()
            try:
                return requests.get(url, timeout=10)
            except requests.ConnectionError:
                time.sleep(0.02)
        raise AssertionError(f"{url} did not answer: {pathlib.Path(log.name).read_text()}")

    yield run
    for process, log in started:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(15)
        log.close()


def test_flask(apps, run, folder):
    code, port = re.subn(r"port=5000", f"port={urllib.parse.urlsplit(apps.flask).port}", apps.blocks["app.py"])
    assert port == 1
    (folder / "app.py").write_text(code)
    run([sys.executable, "app.py"], apps.flask)
    app, pool = pages.Browser(), pages.Browser()
    assert app.open(f"{apps.flask}/").answer.text == "Hello stranger"
    assert app.open(f"{apps.flask}/login").left.startswith(apps.issuer)
    back = pool.sign_in(app.left, ANA, SECRET).left
    assert app.open(back).answer.text == f"Hello {ANA}"
    assert app.open(back).answer.status_code != 200  # the state was for once


APACHE = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/httpd.pid"
ErrorLog "{folder}/error.log"
LogLevel warn auth_openidc:warn
{modules}
DocumentRoot "{folder}/www"
<Directory "{folder}/www">
  Require all granted
</Directory>
Include "{folder}/shop.conf"
<Location /app>
  Header always set X-Seen-User "expr=%{{REMOTE_USER}}"
  Header always set X-Seen-Claim "%{{OIDC_CLAIM_username}}e"
</Location>
"""


def test_apache(apps, run, folder):
    """Apache and mod_auth_openidc of Debian: people in front of a page, userInfo, and out of both."""
    apache = shutil.which("apache2") or "/usr/sbin/apache2"
    assert os.path.exists(apache) and (MODULES / "mod_auth_openidc.so").exists(), "make deps-apache installs apache2 and libapache2-mod-auth-openidc"
    modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir", "env", "headers"]
    loads = "\n".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in modules)
    if os.getuid() == 0:
        loads += "\nUser www-data\nGroup www-data"
    (folder / "www/app").mkdir(parents=True)
    (folder / "www/index.html").write_text("outside")
    (folder / "www/app/index.html").write_text("inside")
    (folder / "shop.conf").write_text(apps.blocks["shop.conf"])
    (folder / "apache.conf").write_text(APACHE.format(folder=folder, port=urllib.parse.urlsplit(apps.apache).port, modules=loads))
    assert run([apache, "-f", str(folder / "apache.conf"), "-DFOREGROUND"], apps.apache).text == "outside"

    app, pool = pages.Browser(), pages.Browser()
    app.open(f"{apps.apache}/app/")
    assert app.left and app.left.startswith(apps.issuer), app.answer.text
    back = pool.sign_in(app.left, ANA, SECRET).left
    inside = app.open(back).answer
    assert (inside.text, inside.headers["X-Seen-User"]) == ("inside", ANA)
    assert uuid.UUID(inside.headers["X-Seen-Claim"])  # userInfo alone has the user name
    assert pages.Browser().open(f"{apps.apache}/app/").left  # nobody else

    app.open(f"{apps.apache}/app/callback?" + urllib.parse.urlencode({"logout": apps.apache + "/"}))
    assert app.left and app.left.startswith(f"{apps.issuer}/logout"), app.answer.text
    assert pool.open(app.left).left == f"{apps.apache}/"
    assert app.open(f"{apps.apache}/app/").left
    assert "Sign in" in pool.open(app.left).text
