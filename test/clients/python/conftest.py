"""Fixtures: one server per kind of store for the whole run, and a fresh pool for every test that asks for one."""

import os
import tempfile

import pytest
from botocore.exceptions import ClientError

import world
from server import Server


def stores() -> list:
    """What the suite runs on. PostgreSQL joins when a server was started for the run."""
    chosen = os.environ.get("COGNATE_TEST_STORES")
    if chosen:
        return chosen.split(",")
    return ["ephemeral", "data"] + (["postgres"] if os.environ.get("COGNATE_TEST_PG_URL") else [])


@pytest.fixture(scope="session", params=stores())
def server(request):
    if request.param == "ephemeral":
        args, folder = ["--ephemeral"], None
    elif request.param == "data":
        folder = tempfile.TemporaryDirectory(prefix="cognate-data-")
        args = ["--data", folder.name]
    else:
        folder, args = tempfile.TemporaryDirectory(prefix="cognate-keys-"), ["--database", world.database()]
    s = Server(*args)
    yield s
    s.stop()
    if folder:
        folder.cleanup()


@pytest.fixture(scope="session")
def idp(server):
    return server.client()


@pytest.fixture
def clock(server):
    """Moves the server's time; it is put back when the test ends."""
    yield server.advance
    server.reset_clock()


@pytest.fixture
def pool(server, idp):
    """A pool with defaults and one client without secret that may use every password flow."""
    p = world.Pool(server, idp)
    yield p
    p.delete()


@pytest.fixture
def make_pool(server, idp):
    """Makes pools with settings of the test's own: make_pool(client={...}, **create_user_pool_arguments)."""
    made = []

    def make(client=None, **settings):
        p = world.Pool(server, idp, client=client, **settings)
        made.append(p)
        return p

    yield make
    for p in made:
        p.delete()


class Refusal:
    """Context manager: the block must end in exactly this AWS exception."""

    def __init__(self, code: str, message: str | None):
        self.code, self.message, self.error = code, message, None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            pytest.fail(f"expected {self.code}, got an answer")
        if not isinstance(error, ClientError):
            return False
        self.error = error.response
        got = (error.response["Error"]["Code"], error.response["Error"]["Message"])
        want = (self.code, got[1] if self.message is None else self.message)
        assert got == want, f"{error.operation_name}: got {got}, want {want}"
        return True


@pytest.fixture(scope="session")
def refused():
    """refused(code, message): exact exception; without a message only the code is compared."""
    return lambda code, message=None: Refusal(code, message)
