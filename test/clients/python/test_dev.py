"""The tools of `cognate dev`, restarts on a data folder, and the demo pool."""

import pathlib
import re
import signal
import tempfile
import time
import urllib.request

import pytest

import tokens
import world
from server import Server


def text(server, path, **headers):
    with urllib.request.urlopen(urllib.request.Request(server.url + path, headers=headers), timeout=30) as r:
        return r.status, r.headers, r.read().decode()


def test_health_ready_metrics(server, pool):
    assert text(server, "/_cognate/health")[0] == 200
    assert text(server, "/_cognate/ready")[0] == 200
    pool.user("ana")
    pool.sign_in("ana")
    deadline = time.monotonic() + 10  # a request is counted once its answer has left
    while "InitiateAuth" not in (body := text(server, "/_cognate/metrics")[2]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "InitiateAuth" in body and "# TYPE" in body


def test_inbox(server, make_pool):
    pool = make_pool(AutoVerifiedAttributes=["email"])
    pool.sign_up("ana", email="ana@example.com")
    message = server.message("ana@example.com", pool.id)
    assert {"id", "medium", "to", "subject", "body", "code", "trigger", "userPoolId", "username", "createdAt"} <= set(message)
    status, headers, page = text(server, f"/_cognate/inbox?to=ana@example.com&userPoolId={pool.id}", Accept="text/html")
    assert status == 200 and headers["Content-Type"].startswith("text/html") and message["code"] in page
    _, _, as_json = text(server, "/_cognate/inbox", Accept="application/json")
    assert as_json.lstrip().startswith("{")


def test_inbox_page_escapes(server, make_pool):
    pool = make_pool(AutoVerifiedAttributes=["email"])
    pool.idp.sign_up(ClientId=pool.client_id, Username="<script>alert(1)</script>", Password=world.PASSWORD,
                     UserAttributes=world.attributes(email="x@example.com"))
    server.message("x@example.com", pool.id)
    page = text(server, f"/_cognate/inbox?userPoolId={pool.id}", Accept="text/html")[2]
    assert "<script>alert" not in page


def test_clock(server, pool):
    pool.user("ana")
    before = tokens.claims(pool.sign_in("ana")["IdToken"])["iat"]
    server.advance("48h")
    try:
        assert tokens.claims(pool.sign_in("ana")["IdToken"])["iat"] - before >= 48 * 3600
        assert server.get("/_cognate/clock")
    finally:
        server.reset_clock()
    assert tokens.claims(pool.sign_in("ana")["IdToken"])["iat"] - before < 3600


def test_snapshot(server, make_pool, refused):
    pool = make_pool()
    pool.user("kept")
    server.post("/_cognate/snapshots/before")
    pool.user("gone")
    pool.idp.admin_delete_user(UserPoolId=pool.id, Username="kept")
    server.post("/_cognate/snapshots/before/restore")
    pool.sign_in("kept")
    with refused("UserNotFoundException"):
        pool.get("gone")


def test_demo_pool_and_banner():
    s = Server("--ephemeral")
    try:
        idp = s.client()
        pools = idp.list_user_pools(MaxResults=10)["UserPools"]
        assert len(pools) == 1
        clients = idp.list_user_pool_clients(UserPoolId=pools[0]["Id"], MaxResults=10)["UserPoolClients"]
        assert clients
        deadline = time.monotonic() + 20
        while "get-user" not in s.output() and time.monotonic() < deadline:
            time.sleep(0.05)
        banner = s.output()
        assert s.url.replace("127.0.0.1", "localhost") in banner or s.url in banner
        assert "/_cognate/inbox" in banner
        for command in ("sign-up", "initiate-auth", "get-user"):
            assert re.search(rf"aws cognito-idp .*{command} ", banner), banner
        assert clients[0]["ClientId"] in banner
        s.process.send_signal(signal.SIGINT)
        assert s.process.wait(15) == 0
    finally:
        s.stop()


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="cognate-data-") as path:
        yield path


def test_restart_keeps_everything(folder):
    first = Server("--data", folder)
    pool = world.Pool(first, first.client(), AutoVerifiedAttributes=["email"], client={"GenerateSecret": True})
    pool.user("ana", email="ana@example.com", email_verified="true")
    pool.idp.create_group(UserPoolId=pool.id, GroupName="g")
    pool.idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName="g")
    kept, revoked = pool.sign_in("ana"), pool.sign_in("ana")
    pool.idp.revoke_token(Token=revoked["RefreshToken"], ClientId=pool.client_id, ClientSecret=pool.secret)
    pool.idp.forgot_password(ClientId=pool.client_id, Username="ana", SecretHash=world.secret_hash(pool.secret, pool.client_id, "ana"))
    code = pool.code("ana@example.com")
    keys = first.get(f"/{pool.id}/.well-known/jwks.json")
    port = first.port
    first.stop()
    second = Server("--data", folder, port=port)
    try:
        pool.server, pool.idp = second, second.client()
        assert second.get(f"/{pool.id}/.well-known/jwks.json") == keys
        tokens.verify(kept["AccessToken"], keys)
        assert pool.idp.get_user(AccessToken=kept["AccessToken"])["Username"] == "ana"
        h = world.secret_hash(pool.secret, pool.client_id, "ana")
        assert pool.refresh(kept["RefreshToken"], SECRET_HASH=h)["AccessToken"]
        for call in (lambda: pool.refresh(revoked["RefreshToken"], SECRET_HASH=h), lambda: pool.idp.get_user(AccessToken=revoked["AccessToken"])):
            with pytest.raises(pool.idp.exceptions.NotAuthorizedException):
                call()
        assert tokens.claims(pool.sign_in("ana")["IdToken"])["cognito:groups"] == ["g"]
        pool.idp.confirm_forgot_password(ClientId=pool.client_id, Username="ana", ConfirmationCode=code, Password="Fresh-Password-2", SecretHash=h)
        pool.sign_in("ana", "Fresh-Password-2")
    finally:
        second.stop()


def test_secrets_are_sealed_on_disk(folder):
    """Neither verifiers nor codes, client secrets or private keys lie in the data folder in the clear."""
    s = Server("--data", folder)
    pool = world.Pool(s, s.client(), AutoVerifiedAttributes=["email"], client={"GenerateSecret": True})
    pool.sign_up("ana", "Very-Special-Word-77", email="ana@example.com")
    code = pool.code("ana@example.com")
    s.stop()
    blob = b"".join(p.read_bytes() for p in pathlib.Path(folder).rglob("*") if p.is_file())
    assert b"ana" in blob
    for secret in (b"Very-Special-Word-77", pool.secret.encode(), f"code is {code}".encode(), b"PRIVATE KEY"):
        assert secret not in blob, secret
