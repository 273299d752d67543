"""Seed files: chosen ids, applied twice, edited while the server runs."""

import time

import pytest

from server import Server

SEED = """
pools:
  - id: us-east-1_Seeded001
    name: seeded
    settings:
      AutoVerifiedAttributes: [email]
    clients:
      - id: seededclient0000000000000a
        name: web
        settings:
          ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
    groups:
      - name: admins
        precedence: 1
    users:
      - username: ana
        password: Correct-Horse-1
        attributes: {email: ana@example.com, email_verified: "true"}
        groups: [admins]
"""


@pytest.fixture
def seeded(tmp_path):
    path, data = tmp_path / "seed.yaml", tmp_path / "data"
    path.write_text(SEED)
    servers = []

    def start():
        s = Server("--data", str(data), "--seed", str(path))
        servers.append(s)
        return s

    start.path = path
    yield start
    for s in servers:
        s.stop()


def sign_in(idp, word="Correct-Horse-1"):
    return idp.initiate_auth(ClientId="seededclient0000000000000a", AuthFlow="USER_PASSWORD_AUTH",
                             AuthParameters={"USERNAME": "ana", "PASSWORD": word})["AuthenticationResult"]


def test_applied_twice_changes_nothing(seeded):
    first = seeded()
    idp = first.client()
    assert [p["Id"] for p in idp.list_user_pools(MaxResults=10)["UserPools"]] == ["us-east-1_Seeded001"]
    token = sign_in(idp)["RefreshToken"]
    before = idp.admin_get_user(UserPoolId="us-east-1_Seeded001", Username="ana")
    assert [g["GroupName"] for g in idp.admin_list_groups_for_user(UserPoolId="us-east-1_Seeded001", Username="ana")["Groups"]] == ["admins"]
    first.stop()
    idp = seeded().client()
    after = idp.admin_get_user(UserPoolId="us-east-1_Seeded001", Username="ana")
    for field in ("UserAttributes", "UserCreateDate", "UserLastModifiedDate", "UserStatus"):
        assert before[field] == after[field], field
    assert idp.initiate_auth(ClientId="seededclient0000000000000a", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token})


def test_edits_are_applied_while_running(seeded):
    s = seeded()
    idp = s.client()
    seeded.path.write_text(SEED.replace("name: admins", "name: admins\n      - name: late"))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if len(idp.list_groups(UserPoolId="us-east-1_Seeded001")["Groups"]) == 2:
            break
        time.sleep(0.1)
    assert {g["GroupName"] for g in idp.list_groups(UserPoolId="us-east-1_Seeded001")["Groups"]} == {"admins", "late"}


def test_a_broken_file_stops_the_start(seeded):
    seeded.path.write_text("pools:\n  - nmae: x\n")
    with pytest.raises(RuntimeError) as e:
        seeded()
    assert "nmae" in str(e.value)
