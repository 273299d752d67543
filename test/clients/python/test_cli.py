"""The AWS CLI, as a person would paste it into a shell."""

import json
import re
import shutil
import subprocess
import sys
import time

import pytest

import world
from server import ROOT, Server, environment


@pytest.fixture(scope="module")
def server():
    """One server for all commands: the CLI starts slowly, and what it says does not depend on the store."""
    s = Server("--ephemeral")
    yield s
    s.stop()


@pytest.fixture
def aws(server, tmp_path):
    """aws("sign-up", "--client-id", ...) -> decoded answer; ok=False returns the error text instead."""
    env = environment(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1",
                      AWS_CONFIG_FILE=str(tmp_path / "none"), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"),
                      AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="")

    def run(*args, ok=True):
        done = subprocess.run([sys.executable, "-m", "awscli", "--endpoint-url", server.url, "--output", "json", "cognito-idp", *args],
                              env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if not ok:
            assert done.returncode != 0, done.stdout
            return done.stderr
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def test_life_cycle(aws, server):
    pool = aws("create-user-pool", "--pool-name", "cli", "--auto-verified-attributes", "email")["UserPool"]["Id"]
    client = aws("create-user-pool-client", "--user-pool-id", pool, "--client-name", "cli", "--explicit-auth-flows",
                 "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")["UserPoolClient"]["ClientId"]
    up = aws("sign-up", "--client-id", client, "--username", "ana", "--password", world.PASSWORD,
             "--user-attributes", "Name=email,Value=ana@example.com")
    assert up["UserConfirmed"] is False
    aws("confirm-sign-up", "--client-id", client, "--username", "ana", "--confirmation-code", server.code("ana@example.com", pool))
    auth = aws("initiate-auth", "--client-id", client, "--auth-flow", "USER_PASSWORD_AUTH",
               "--auth-parameters", f"USERNAME=ana,PASSWORD={world.PASSWORD}")["AuthenticationResult"]
    user = aws("get-user", "--access-token", auth["AccessToken"])
    assert user["Username"] == "ana" and world.mapping(user["UserAttributes"])["email_verified"] == "true"
    assert [u["Username"] for u in aws("list-users", "--user-pool-id", pool, "--filter", 'username = "ana"')["Users"]] == ["ana"]
    assert aws("initiate-auth", "--client-id", client, "--auth-flow", "REFRESH_TOKEN_AUTH", "--auth-parameters",
               "REFRESH_TOKEN=" + auth["RefreshToken"])["AuthenticationResult"]["IdToken"]
    text = aws("initiate-auth", "--client-id", client, "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters",
               "USERNAME=ana,PASSWORD=Wrong-Password-9", ok=False)
    assert "An error occurred (NotAuthorizedException) when calling the InitiateAuth operation: Incorrect username or password." in text
    aws("admin-delete-user", "--user-pool-id", pool, "--username", "ana")
    aws("delete-user-pool", "--user-pool-id", pool)
    assert "ResourceNotFoundException" in aws("describe-user-pool", "--user-pool-id", pool, ok=False)


def test_public_operations_without_credentials(server, tmp_path):
    env = environment(AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=str(tmp_path / "none"),
                      AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"))
    done = subprocess.run([sys.executable, "-m", "awscli", "--endpoint-url", server.url, "--no-sign-request", "cognito-idp", "initiate-auth",
                           "--client-id", "unknownclient", "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=a,PASSWORD=b"],
                          env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert "(ResourceNotFoundException)" in done.stderr and "User pool client unknownclient does not exist." in done.stderr


def shell(folder, lines):
    """Runs pasted lines in a shell that knows the AWS CLI, curl and nothing else."""
    tools = folder / "bin"
    tools.mkdir()
    (tools / "aws").write_text(f'#!/bin/sh\nexec {sys.executable} -m awscli "$@"\n')
    if not shutil.which("curl"):
        fetch = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[-1]).read().decode())"
        (tools / "curl").write_text(f'#!/bin/sh\nexec {sys.executable} -c "{fetch}" "$@"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    env = environment(HOME=str(folder), PATH=f"{tools}:/usr/local/bin:/usr/bin:/bin", AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="")
    done = subprocess.run(["bash", "-e", "-c", lines.replace("/tmp/", str(folder) + "/")], env=env, cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pasted_from_the_banner(tmp_path):
    """The commands work as they are, also at the second start, where their first user exists."""
    for name in ("ana", "ana2"):
        folder = tmp_path / name
        folder.mkdir()
        s = Server("--data", str(tmp_path / "data"))
        try:
            deadline = time.monotonic() + 20
            while "get-user" not in s.output() and time.monotonic() < deadline:  # it answers before it has told so
                time.sleep(0.05)
            out = shell(folder, s.output().split("Paste", 1)[1].split("\n\n")[1])
            assert f'"Username": "{name}"' in out and '"UserAttributes"' in out, out
        finally:
            s.stop()


def test_pasted_from_the_readme(tmp_path):
    s = Server("--ephemeral")
    try:
        text = (ROOT / "README.md").read_text().split("## First sign-in", 1)[1].split("\n## ")[0]
        lines = re.search(r"```sh\n(.*?)```", text, re.S).group(1)
        out = shell(tmp_path, lines.replace("http://localhost:7654", s.url))
        assert '"AccessToken": "eyJ' in out and '"UserStatus": "CONFIRMED"' in out, out
    finally:
        s.stop()
