"""Pools, clients and people that the tests work with."""

import base64
import hashlib
import hmac
import os
import subprocess
import uuid

PASSWORD = "Correct-Horse-1"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def database() -> str:
    """A fresh database on the PostgreSQL server of this run; its address ends with the new database's name."""
    base = os.environ["COGNATE_TEST_PG_URL"]
    name = "clients_" + uuid.uuid4().hex
    head, _, options = base.partition("?")
    subprocess.run(["psql", "-qX", "-d", base, "-c", f"CREATE DATABASE {name}"], check=True, stdin=subprocess.DEVNULL)
    return head.rsplit("/", 1)[0] + "/" + name + ("?" + options if options else "")


def attributes(**values) -> list:
    """Attribute list of an AWS call; custom__x stands for custom:x."""
    return [{"Name": k.replace("__", ":"), "Value": v} for k, v in values.items()]


def mapping(items: list) -> dict:
    return {a["Name"]: a.get("Value") for a in items}


def secret_hash(secret: str, client: str, username: str) -> str:
    digest = hmac.new(secret.encode(), (username + client).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Pool:
    """One user pool with one client, and shorthands for what tests do with them all the time."""

    def __init__(self, server, idp, client=None, **settings):
        self.server, self.idp = server, idp
        settings.setdefault("PoolName", "test")
        self.description = idp.create_user_pool(**settings)["UserPool"]
        self.id = self.description["Id"]
        self.arn = self.description["Arn"]
        made = self.client(**(client or {}))
        self.client_id, self.secret = made["ClientId"], made.get("ClientSecret")

    def client(self, **settings):
        settings.setdefault("ClientName", "test")
        settings.setdefault("ExplicitAuthFlows", FLOWS)
        return self.idp.create_user_pool_client(UserPoolId=self.id, **settings)["UserPoolClient"]

    def delete(self):
        try:
            self.idp.delete_user_pool(UserPoolId=self.id)
        except self.idp.exceptions.ResourceNotFoundException:
            pass

    def hash(self, username: str) -> dict:
        return {"SecretHash": secret_hash(self.secret, self.client_id, username)} if self.secret else {}

    def sign_up(self, username, password=PASSWORD, **attrs):
        return self.idp.sign_up(
            ClientId=self.client_id, Username=username, Password=password, UserAttributes=attributes(**attrs),
            **self.hash(username))

    def user(self, username, password=PASSWORD, **attrs):
        """A confirmed user with a password of its own; returns what AdminCreateUser answered."""
        made = self.idp.admin_create_user(
            UserPoolId=self.id, Username=username, MessageAction="SUPPRESS", UserAttributes=attributes(**attrs))["User"]
        self.idp.admin_set_user_password(UserPoolId=self.id, Username=username, Password=password, Permanent=True)
        return made

    def get(self, username):
        return self.idp.admin_get_user(UserPoolId=self.id, Username=username)

    def attrs(self, username) -> dict:
        return mapping(self.get(username)["UserAttributes"])

    def initiate(self, username, password=PASSWORD, client_id=None, **extra):
        parameters = {"USERNAME": username, "PASSWORD": password} | extra
        if self.secret and "SECRET_HASH" not in parameters and client_id is None:
            parameters["SECRET_HASH"] = secret_hash(self.secret, self.client_id, username)
        return self.idp.initiate_auth(
            ClientId=client_id or self.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)

    def sign_in(self, username, password=PASSWORD, **extra):
        answer = self.initiate(username, password, **extra)
        assert "ChallengeName" not in answer, answer
        return answer["AuthenticationResult"]

    def refresh(self, token, **extra):
        return self.idp.initiate_auth(
            ClientId=self.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token} | extra)["AuthenticationResult"]

    def code(self, to, count=1):
        return self.server.code(to, self.id, count)
