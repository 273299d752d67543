"""How pages look: styles of managed login, customization of the classic pages, links of terms."""

import http.client
import json
import pathlib
import struct
import threading
import zlib
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

DEFAULTS = pathlib.Path(__file__).parents[3] / "internal/core/branding/defaults.json"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="#0972d3"/></svg>'


def png(color: bytes = b"\x09\x72\xd3") -> bytes:
    """An image of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + color)) + chunk(b"IEND", b"")


def asset(category="FORM_LOGO", mode="LIGHT", extension="PNG", content=None, **more):
    return {"Category": category, "ColorMode": mode, "Extension": extension, "Bytes": content or png(), **more}


def fetch(url: str, server):
    """An image as a browser gets it, whichever host its address names."""
    at, here = urlsplit(url), urlsplit(server.url)
    connection = http.client.HTTPConnection(here.hostname, here.port, timeout=10)
    connection.request("GET", at.path, headers={"Host": at.netloc})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


@pytest.fixture
def domain(idp, pool):
    prefix = "look-" + pool.id.split("_")[1].lower()
    idp.create_user_pool_domain(Domain=prefix, UserPoolId=pool.id)
    yield prefix
    idp.delete_user_pool_domain(Domain=prefix, UserPoolId=pool.id)


def test_whole_tree(idp, pool):
    """The tree of AWS's template, with members of the future, comes back as it went."""
    tree = json.loads(DEFAULTS.read_text())
    tree["components"]["form"]["future"] = {"float": 1.5, "list": [1, None, "<&>"], "text": "äöü"}
    sent = [asset("PAGE_FOOTER_BACKGROUND", "DARK", "SVG", SVG), asset(), asset("IDP_BUTTON_ICON", "DYNAMIC", ResourceId="My-IdP 1")]
    made = idp.create_managed_login_branding(UserPoolId=pool.id, ClientId=pool.client_id, UseCognitoProvidedValues=False, Settings=tree, Assets=sent)
    style = made["ManagedLoginBranding"]
    assert style["Settings"] == tree and style["Assets"] == sent and style["UseCognitoProvidedValues"] is False
    by_id = {"UserPoolId": pool.id, "ManagedLoginBrandingId": style["ManagedLoginBrandingId"]}
    for merged in (False, True):
        described = idp.describe_managed_login_branding(**by_id, ReturnMergedResources=merged)["ManagedLoginBranding"]
        by_client = idp.describe_managed_login_branding_by_client(UserPoolId=pool.id, ClientId=pool.client_id, ReturnMergedResources=merged)
        assert described == by_client["ManagedLoginBranding"] == style
    # What a program reads, changes and writes back is what is there then.
    described["Settings"]["components"]["primaryButton"]["lightMode"]["defaults"]["backgroundColor"] = "7a1fa2ff"
    updated = idp.update_managed_login_branding(**by_id, Settings=described["Settings"], Assets=described["Assets"])["ManagedLoginBranding"]
    assert updated["Settings"] == described["Settings"] and updated["Assets"] == sent


def test_parts(idp, pool):
    make = {"UserPoolId": pool.id, "ClientId": pool.client_id}
    style = idp.create_managed_login_branding(**make, Settings={"categories": {"global": {"colorSchemeMode": "DYNAMIC"}}})["ManagedLoginBranding"]
    assert style["Assets"] == []
    by_id = {"UserPoolId": pool.id, "ManagedLoginBrandingId": style["ManagedLoginBrandingId"]}
    idp.update_managed_login_branding(**by_id, Settings={"components": {"form": {"borderRadius": 2}}}, Assets=[asset()])
    big = [asset("PAGE_BACKGROUND", "LIGHT", content=png() + bytes(999_000))]
    style = idp.update_managed_login_branding(**by_id, Settings={}, Assets=big)["ManagedLoginBranding"]
    assert style["Settings"] == {"categories": {"global": {"colorSchemeMode": "DYNAMIC"}}, "components": {"form": {"borderRadius": 2}}}
    assert [a["Category"] for a in style["Assets"]] == ["FORM_LOGO", "PAGE_BACKGROUND"]
    merged = idp.describe_managed_login_branding(**by_id, ReturnMergedResources=True)["ManagedLoginBranding"]["Settings"]
    want = json.loads(DEFAULTS.read_text())
    want["categories"]["global"]["colorSchemeMode"], want["components"]["form"]["borderRadius"] = "DYNAMIC", 2
    assert merged == want
    style = idp.update_managed_login_branding(**by_id, UseCognitoProvidedValues=True)["ManagedLoginBranding"]
    assert "Settings" not in style and style["Assets"] == [] and style["UseCognitoProvidedValues"]
    idp.delete_managed_login_branding(**by_id)


def test_refusals(idp, pool, refused):
    make = {"UserPoolId": pool.id, "ClientId": pool.client_id}
    with refused("ResourceNotFoundException", f"ManagedLoginBranding for client {pool.client_id} does not exist."):
        idp.describe_managed_login_branding_by_client(**make)
    one = "useCognitoProvidedValues or settings should be specified (but not both)"
    for more in ({}, {"UseCognitoProvidedValues": False}, {"UseCognitoProvidedValues": True, "Settings": {}}, {"Assets": [asset()]}):
        with refused("InvalidParameterException", one):
            idp.create_managed_login_branding(**make, **more)
    for assets in ([asset("FORM_LOGO", extension="ICO")], [asset(content=SVG)], [asset(content=png() + bytes(1_000_000))],
                   [asset(), asset()], [asset(ResourceId="a/b")], [asset("FAVICON_GIF")]):
        with refused("InvalidParameterException"):
            idp.create_managed_login_branding(**make, Settings={}, Assets=assets)
    for settings in ({"components": {"form": {"lightMode": {"backgroundColor": "#ffffff"}}}}, {"components": {"form": {"logo": {"location": "LEFT"}}}}):
        with refused("InvalidParameterException"):
            idp.create_managed_login_branding(**make, Settings=settings)
    with refused("RequestEntityTooLargeException"):
        idp.create_managed_login_branding(**make, Settings={"own": "a" * (2 << 20)})
    with refused("ResourceNotFoundException", "User pool client nobody does not exist."):
        idp.create_managed_login_branding(UserPoolId=pool.id, ClientId="nobody", Settings={})
    outcomes = []

    def create():
        try:
            outcomes.append(idp.create_managed_login_branding(**make, UseCognitoProvidedValues=True)["ManagedLoginBranding"]["ManagedLoginBrandingId"])
        except ClientError as error:
            outcomes.append(error.response["Error"])

    threads = [threading.Thread(target=create) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    exists = {"Code": "ManagedLoginBrandingExistsException", "Message": f"A ManagedLoginBranding already exists for client {pool.client_id}"}
    assert outcomes.count(exists) == 7, outcomes
    style = next(o for o in outcomes if isinstance(o, str))
    with refused("InvalidParameterException", one):
        idp.update_managed_login_branding(UserPoolId=pool.id, ManagedLoginBrandingId=style, UseCognitoProvidedValues=False)
    with refused("ResourceNotFoundException", "ManagedLoginBranding does not exist."):
        idp.describe_managed_login_branding(UserPoolId=pool.id, ManagedLoginBrandingId="9a2b0c5e-1111-4111-8111-000000000000")
    idp.delete_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id)
    with refused("ResourceNotFoundException", "ManagedLoginBranding does not exist."):
        idp.delete_managed_login_branding(UserPoolId=pool.id, ManagedLoginBrandingId=style)


def test_classic(server, idp, pool, domain, refused):
    css = ".label-customizable {\n  font-weight: 400;\n}\n.submitButton-customizable:hover { background-color: #7a1fa2; }"
    assert idp.get_ui_customization(UserPoolId=pool.id)["UICustomization"] == {}
    made = idp.set_ui_customization(UserPoolId=pool.id, CSS=css, ImageFile=png())["UICustomization"]
    assert made["ClientId"] == "ALL" and made["CSS"] == css and len(made["CSSVersion"]) == 14
    assert idp.get_ui_customization(UserPoolId=pool.id, ClientId=pool.client_id)["UICustomization"] == made
    status, headers, body = fetch(made["ImageUrl"], server)
    assert status == 200 and body == png() and headers["Content-Type"] == "image/png"
    assert "immutable" in headers["Cache-Control"] and "sandbox" in headers["Content-Security-Policy"]
    own = idp.set_ui_customization(UserPoolId=pool.id, ClientId=pool.client_id, CSS=".banner-customizable{}")["UICustomization"]
    assert "ImageUrl" not in own and idp.get_ui_customization(UserPoolId=pool.id, ClientId=pool.client_id)["UICustomization"] == own
    idp.set_ui_customization(UserPoolId=pool.id, ClientId=pool.client_id)
    assert idp.get_ui_customization(UserPoolId=pool.id, ClientId=pool.client_id)["UICustomization"] == made
    with refused("InvalidParameterException", "The CSS class .other is not in the list of allowed classes."):
        idp.set_ui_customization(UserPoolId=pool.id, CSS=".other { color: red }")
    for hostile in ("@import 'a';", ".label-customizable { background: url(https://a.example) }", ".label-customizable { color: expression(1) }"):
        with refused("InvalidParameterException"):
            idp.set_ui_customization(UserPoolId=pool.id, CSS=hostile)
    with refused("InvalidParameterException", "ImageFile must be a PNG or JPEG image."):
        idp.set_ui_customization(UserPoolId=pool.id, ImageFile=SVG)
    idp.set_ui_customization(UserPoolId=pool.id, ClientId="ALL")
    assert idp.get_ui_customization(UserPoolId=pool.id)["UICustomization"] == {}
    assert fetch(made["ImageUrl"], server)[0] == 404


def test_classic_without_domain(idp, pool, refused):
    with refused("InvalidParameterException", "A domain must be associated with this user pool."):
        idp.set_ui_customization(UserPoolId=pool.id, CSS=".banner-customizable{}")


def test_terms(idp, pool, refused):
    make = {"UserPoolId": pool.id, "ClientId": pool.client_id, "TermsSource": "LINK", "Enforcement": "NONE"}
    links = {"cognito:default": "https://shop.example/terms", "cognito:chinese-simplified": "https://shop.example/条款"}
    use = idp.create_terms(**make, TermsName="terms-of-use", Links=links)["Terms"]
    assert use["Links"] == links and use["TermsSource"] == "LINK" and use["Enforcement"] == "NONE"
    with refused("TermsExistsException"):
        idp.create_terms(**make, TermsName="terms-of-use", Links=links)
    privacy = idp.create_terms(**make, TermsName="privacy-policy", Links=links)["Terms"]
    by_id = {"UserPoolId": pool.id, "TermsId": use["TermsId"]}
    assert idp.describe_terms(**by_id)["Terms"] == use
    assert idp.describe_terms_by_client(UserPoolId=pool.id, ClientId=pool.client_id, TermsName="privacy-policy")["Terms"] == privacy
    changed = idp.update_terms(**by_id, Links={"cognito:default": "https://shop.example/new"})["Terms"]
    assert changed["Links"] == {"cognito:default": "https://shop.example/new"} and changed["TermsName"] == "terms-of-use"
    listed, token = [], {}
    while True:
        page = idp.list_terms(UserPoolId=pool.id, MaxResults=1, **token)
        assert len(page["Terms"]) == 1
        listed += page["Terms"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert {t["TermsName"] for t in listed} == {"terms-of-use", "privacy-policy"} and "Links" not in listed[0]
    for more in ({"TermsName": "cookies"}, {"TermsName": "terms-of-use", "Links": {"cognito:klingon": "https://a.example"}},
                 {"TermsName": "terms-of-use", "Links": {"cognito:default": "javascript:alert(1)"}}):
        with refused("InvalidParameterException"):
            idp.create_terms(**make, **more)
    with refused("TermsExistsException"):
        idp.update_terms(**by_id, TermsName="privacy-policy")
    idp.delete_terms(**by_id)
    with refused("ResourceNotFoundException"):
        idp.describe_terms(**by_id)
