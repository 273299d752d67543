"""Domains of pools: prefix and custom, and the hosts that they lead to."""

import http.client
import json
from urllib.parse import urlsplit

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012"


def document(server, host, path="/.well-known/openid-configuration"):
    """What the server answers when it is asked under another host name."""
    at = urlsplit(server.url)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=10)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if answer.status == 200 else None


def test_prefix(server, idp, pool, refused):
    prefix = "shop-" + pool.id.split("_")[1].lower()
    made = idp.create_user_pool_domain(Domain=prefix, UserPoolId=pool.id)
    try:
        assert made["ManagedLoginVersion"] == 1 and "CloudFrontDomain" not in made
        assert idp.describe_user_pool(UserPoolId=pool.id)["UserPool"]["Domain"] == prefix
        shown = idp.describe_user_pool_domain(Domain=prefix)["DomainDescription"]
        assert shown["UserPoolId"] == pool.id and shown["Status"] == "ACTIVE"
        for host in (f"{prefix}.auth.us-east-1.localhost:1234", f"{prefix}.auth.us-east-1.amazoncognito.com"):
            status, found = document(server, host)
            assert status == 200 and found["issuer"].endswith("/" + pool.id)
        assert document(server, f"{prefix}.auth.eu-west-1.localhost")[0] == 404
        with refused("InvalidParameterException", "User pool cannot be deleted. It has a domain configured that should be deleted first."):
            idp.delete_user_pool(UserPoolId=pool.id)
        assert idp.update_user_pool_domain(Domain=prefix, UserPoolId=pool.id, ManagedLoginVersion=2)["ManagedLoginVersion"] == 2
    finally:
        idp.delete_user_pool_domain(Domain=prefix, UserPoolId=pool.id)
    assert idp.describe_user_pool_domain(Domain=prefix)["DomainDescription"] == {}
    assert document(server, f"{prefix}.auth.us-east-1.localhost")[0] == 404


def test_custom_domain(server, idp, pool, refused):
    name = f"auth.{pool.id.split('_')[1].lower()}.example.com"
    made = idp.create_user_pool_domain(Domain=name, UserPoolId=pool.id, CustomDomainConfig={"CertificateArn": CERTIFICATE})
    try:
        assert made["CloudFrontDomain"] == "localhost"
        assert document(server, name)[0] == 200
        failover = {"Failover": {"SecondaryRegion": "eu-west-1", "PrimaryRoute53HealthCheckId": "3a1b"}}
        config = {"CertificateArn": CERTIFICATE, "SecurityPolicy": "TLS_V1_3_2025"}
        idp.update_user_pool_domain(Domain=name, UserPoolId=pool.id, CustomDomainConfig=config)
        # Without CustomDomainConfig it stays as it is.
        changed = idp.update_user_pool_domain(Domain=name, UserPoolId=pool.id, ManagedLoginVersion=2, Routing=failover)
        assert (changed["ManagedLoginVersion"], changed["CloudFrontDomain"], changed["Routing"]) == (2, "localhost", failover)
        shown = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
        assert shown["CustomDomainConfig"] == config and shown["Routing"] == failover and shown["Status"] == "ACTIVE"
        assert shown["AWSAccountId"] == "000000000000" and shown["CloudFrontDistribution"] == "localhost" and len(shown["Version"]) == 14
        assert idp.describe_user_pool(UserPoolId=pool.id)["UserPool"]["CustomDomain"] == name
        with refused("InvalidParameterException", "SecondaryRegion must be another Region than that of the user pool, us-east-1."):
            idp.update_user_pool_domain(Domain=name, UserPoolId=pool.id, Routing={"Failover": failover["Failover"] | {"SecondaryRegion": "us-east-1"}})
        with refused("InvalidParameterException", "User pool already has a domain configured."):
            idp.create_user_pool_domain(Domain="second." + name, UserPoolId=pool.id, CustomDomainConfig={"CertificateArn": CERTIFICATE})
    finally:
        idp.delete_user_pool_domain(Domain=name, UserPoolId=pool.id)
    assert document(server, name)[0] == 404


def test_managed_login_of_lite(make_pool, idp, refused):
    pool = make_pool(UserPoolTier="LITE")
    prefix = "lite-" + pool.id.split("_")[1].lower()
    text = "The following feature is not available for the LITE pricing tier configured: Managed Login Version 2"
    with refused("FeatureUnavailableInTierException", text):
        idp.create_user_pool_domain(Domain=prefix, UserPoolId=pool.id, ManagedLoginVersion=2)
    idp.create_user_pool_domain(Domain=prefix, UserPoolId=pool.id)
    try:
        with refused("FeatureUnavailableInTierException", text):
            idp.update_user_pool_domain(Domain=prefix, UserPoolId=pool.id, ManagedLoginVersion=2)
        with refused("InvalidParameterException", f"CustomDomainConfig can only be set for a custom domain, and {prefix} is a prefix."):
            idp.update_user_pool_domain(Domain=prefix, UserPoolId=pool.id, CustomDomainConfig={"CertificateArn": CERTIFICATE})
    finally:
        idp.delete_user_pool_domain(Domain=prefix, UserPoolId=pool.id)
