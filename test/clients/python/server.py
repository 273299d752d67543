"""Starts the built cognate binary and hands out boto3 clients for it."""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[3]
REGION = "us-east-1"


def binary() -> str:
    """The binary under test: COGNATE_BIN, else bin/cognate, built when it is not there."""
    path = os.environ.get("COGNATE_BIN") or str(ROOT / "bin" / "cognate")
    if not os.path.exists(path):
        subprocess.run(["go", "build", "-o", path, "./cmd/cognate"], cwd=ROOT, check=True)
    return path


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment(**extra: str) -> dict:
    """The caller's environment without settings of Cognate or AWS."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COGNATE_", "AWS_"))}
    return kept | extra


class Server:
    """One running cognate: `dev`, or another command that listens."""

    def __init__(self, *args: str, port: int = 0, command: str = "dev", env: dict | None = None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = tempfile.TemporaryDirectory(prefix="cognate-test-")
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        self.process = subprocess.Popen(
            [binary(), command, "--listen", f"127.0.0.1:{self.port}", *args],
            cwd=self.folder.name, env=environment(**(env or {})), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"cognate ended with {self.process.returncode}:\n{self.output()}")
            try:
                with urllib.request.urlopen(self.url + "/_cognate/ready", timeout=2) as r:
                    if r.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"cognate was not ready:\n{self.output()}")

    def output(self) -> str:
        self.log.flush()
        with open(self.log.name, "rb") as f:
            return f.read()[-8192:].decode(errors="replace")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        self.folder.cleanup()

    # AWS API ------------------------------------------------------------------------------------------------------

    def client(self, unsigned: bool = False, key: str = "test", secret: str = "test", token: str | None = None, region: str = REGION):
        """A boto3 client; retries are off so that every exception is the server's first answer."""
        options = {"retries": {"max_attempts": 1, "mode": "standard"}}
        if unsigned:
            from botocore import UNSIGNED
            options["signature_version"] = UNSIGNED
        return boto3.client(
            "cognito-idp", region_name=region, endpoint_url=self.url, aws_access_key_id=key, aws_secret_access_key=secret,
            aws_session_token=token, config=Config(**options),
        )

    def raw(self, operation: str, body, headers=None, signed=False, method="POST", path="/"):
        """One request without an SDK: returns status, headers, decoded body (or its bytes when it is not JSON)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        h = {"Content-Type": "application/x-amz-json-1.1"}
        if operation:
            h["X-Amz-Target"] = "AWSCognitoIdentityProviderService." + operation
        if signed:
            h["X-Amz-Date"] = "20260101T000000Z"
            h["Authorization"] = (
                "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request, "
                "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
            )
        h |= headers or {}
        request = urllib.request.Request(self.url + path, data=data if method == "POST" else None, headers=h, method=method)
        try:
            response = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as e:
            response = e
        with response:
            content = response.read()
        try:
            decoded = json.loads(content) if content else None
        except ValueError:
            decoded = content
        return response.status, response.headers, decoded

    # Dev tools ----------------------------------------------------------------------------------------------------

    def get(self, path: str):
        with urllib.request.urlopen(self.url + path, timeout=30) as r:
            return json.loads(r.read())

    def post(self, path: str, body=None):
        request = urllib.request.Request(
            self.url + path, data=json.dumps(body or {}).encode(), headers={"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=30) as r:
            content = r.read()
            return json.loads(content) if content else None

    def messages(self, to: str, pool: str) -> list:
        query = urllib.parse.urlencode({"format": "json", "to": to, "userPoolId": pool})
        return self.get("/_cognate/inbox?" + query)["messages"]

    def message(self, to: str, pool: str, count: int = 1) -> dict:
        """The newest message to an address once at least `count` have arrived there."""
        deadline = time.monotonic() + 10
        while True:
            found = self.messages(to, pool)
            if len(found) >= count:
                return found[0]
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} messages to {to}, waited for {count}")
            time.sleep(0.02)

    def code(self, to: str, pool: str, count: int = 1) -> str:
        """The newest code sent to an address once at least `count` messages have arrived there; notices carry none."""
        self.message(to, pool, count)
        return next((m["code"] for m in self.messages(to, pool) if m["code"]), "")

    def advance(self, duration: str) -> None:
        self.post("/_cognate/clock", {"advance": duration})

    def reset_clock(self) -> None:
        self.post("/_cognate/clock", {"reset": True})
