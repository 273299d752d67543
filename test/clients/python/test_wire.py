"""The AWS JSON protocol itself: headers, errors, constraints, and requests no SDK would send."""

import json
import re
import socket

import pytest
from botocore.exceptions import ClientError

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def test_answer_headers(server):
    status, headers, body = server.raw("ListUserPools", {"MaxResults": 1}, signed=True)
    assert status == 200 and "UserPools" in body
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert UUID.match(headers["x-amzn-RequestId"])
    assert headers["Content-Length"] and "Transfer-Encoding" not in headers


def test_error_form(server, pool):
    status, headers, body = server.raw("DescribeUserPool", {"UserPoolId": "us-east-1_Missing00"}, signed=True)
    assert status == 400
    assert body == {"__type": "ResourceNotFoundException", "message": "User pool us-east-1_Missing00 does not exist."}
    assert headers["x-amzn-ErrorType"] == "ResourceNotFoundException:"
    assert headers["x-amzn-ErrorMessage"] == "User pool us-east-1_Missing00 does not exist."
    assert headers["Access-Control-Allow-Origin"] == "*"
    exposed = {h.strip().lower() for h in headers["Access-Control-Expose-Headers"].split(",")}
    assert {"x-amzn-requestid", "x-amzn-errortype", "x-amzn-errormessage", "date"} <= exposed


def test_preflight(server):
    status, headers, _ = server.raw("", b"", method="OPTIONS", headers={
        "Origin": "https://app.example.com", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-amz-target,x-amz-user-agent"})
    assert status in (200, 204)
    assert headers["Access-Control-Allow-Origin"] in ("*", "https://app.example.com")
    allowed = headers["Access-Control-Allow-Headers"].lower()
    assert allowed == "*" or {"content-type", "x-amz-target", "x-amz-user-agent"} <= {h.strip() for h in allowed.split(",")}


def test_unknown_operation(server):
    status, _, body = server.raw("InventUser", {})
    assert (status, body["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize("content", [
    b"{", b"[]", b'"text"', b"null{", b'{"UserPoolId": }', b"\xff\xfe", b'{"UserPoolId": 5}', b'{"UserPoolId": {"a": 1}}',
    b'{"MaxResults": "many"}'])
def test_malformed_body(server, content):
    status, _, body = server.raw("ListUserPoolClients", content, signed=True)
    assert status == 400 and body["__type"] in ("SerializationException", "InvalidParameterException"), body


def test_deep_nesting_and_size(server):
    for content in (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
                    b'{"ClientId":"' + b"x" * (2 << 20) + b'"}'):
        try:
            status, _, _ = server.raw("SignUp", content)
        except OSError:
            continue  # refused before the body was read
        assert status in (400, 413)
    assert server.raw("ListUserPools", {"MaxResults": 1}, signed=True)[0] == 200


def test_other_methods_and_types(server):
    assert server.raw("ListUserPools", b"", method="PUT", signed=True)[0] >= 400
    status, _, body = server.raw("ListUserPools", {"MaxResults": 1}, headers={"Content-Type": "text/plain"}, signed=True)
    assert status in (400, 404, 415), body


def test_half_a_request_is_not_fatal(server):
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nX-Amz-Target: AWSCognitoIdentityProviderService.SignUp\r\n\r\n{")
    assert server.get("/_cognate/health") is not None


def test_signed_operation_without_credentials(server):
    status, _, body = server.raw("ListUserPools", {"MaxResults": 1})
    assert status in (400, 403) and body["__type"] in ("MissingAuthenticationTokenException", "MissingAuthenticationToken"), body


def test_unsigned_and_signed_clients_may_call_public_operations(server, pool):
    pool.user("ana")
    for client in (server.client(unsigned=True), server.client()):
        answer = client.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_PASSWORD_AUTH",
                                      AuthParameters={"USERNAME": "ana", "PASSWORD": "Correct-Horse-1"})
        assert client.get_user(AccessToken=answer["AuthenticationResult"]["AccessToken"])["Username"] == "ana"


def test_operation_without_output_has_an_empty_body(server, pool):
    pool.user("ana")
    pool.idp.create_group(UserPoolId=pool.id, GroupName="g")
    status, headers, body = server.raw(
        "AdminAddUserToGroup", {"UserPoolId": pool.id, "Username": "ana", "GroupName": "g"}, signed=True)
    assert status == 200 and body in (None, {})


def test_constraint_messages(server):
    """AWS names the member in camel case, quotes its value unless it is sensitive, and joins several errors."""
    _, _, body = server.raw("DescribeUserPool", {"UserPoolId": "nope!"}, signed=True)
    assert body["__type"] == "InvalidParameterException"
    assert body["message"] == (
        "1 validation error detected: Value 'nope!' at 'userPoolId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+")
    _, _, body = server.raw("ListUserPools", {"MaxResults": 61}, signed=True)
    assert body["message"] == (
        "1 validation error detected: Value '61' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 60")
    _, _, body = server.raw("ListUserPools", {}, signed=True)
    assert body["__type"] == "InvalidParameterException" and "'maxResults'" in body["message"], body
    assert "Member must not be null" in body["message"]
    _, _, body = server.raw("InitiateAuth", {"AuthFlow": "MAGIC", "ClientId": "abc"})
    assert "at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set: [" in body["message"], body
    _, _, body = server.raw("SignUp", {"ClientId": "a b", "Username": "", "Password": " "})
    assert re.match(r"^[2-9] validation errors detected: ", body["message"]), body
    assert "Value at 'password' failed" in body["message"] and "; " in body["message"]
    assert "' '" not in body["message"]


def test_nested_constraint_path(server, pool):
    _, _, body = server.raw("AdminCreateUser", {
        "UserPoolId": pool.id, "Username": "x", "UserAttributes": [{"Name": "email", "Value": "a@b.c"}, {"Name": "n" * 33, "Value": "v"}]},
        signed=True)
    assert body["__type"] == "InvalidParameterException"
    assert "at 'userAttributes.2.member.name' failed to satisfy constraint: Member must have length less than or equal to 32" in body["message"], body


def test_unknown_members_are_ignored(server, pool):
    status, _, body = server.raw("DescribeUserPool", {"UserPoolId": pool.id, "Future": {"x": [1]}}, signed=True)
    assert status == 200 and body["UserPool"]["Id"] == pool.id


def test_null_is_absent(server, pool):
    status, _, body = server.raw("ListUsers", {"UserPoolId": pool.id, "Limit": None, "Filter": None}, signed=True)
    assert status == 200 and body["Users"] == []


def test_timestamps_are_epoch_seconds(server, pool):
    _, _, body = server.raw("DescribeUserPool", {"UserPoolId": pool.id}, signed=True)
    assert isinstance(body["UserPool"]["CreationDate"], (int, float))
    assert 1.6e9 < body["UserPool"]["CreationDate"] < 1e10


def test_operations_of_later_versions_answer_plainly(idp, pool):
    with pytest.raises(ClientError) as e:
        idp.create_user_import_job(JobName="j", UserPoolId=pool.id, CloudWatchLogsRoleArn="arn:aws:iam::000000000000:role/r")
    assert json.dumps(e.value.response["Error"])  # an AWS exception that botocore understands, not a broken answer
