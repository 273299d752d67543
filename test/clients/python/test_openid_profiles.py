"""The OpenID Connect certification profiles of providers: Config, Basic, Form Post and RP-Initiated Logout. Each test stands for
the modules of the conformance suite that it names, read from the standards: what must hold, and what may be refused and how."""

import base64
import hashlib
import json
import time

import pytest
import requests

import pages
from tokens import claims, verify

STANDARD_SCOPES = {"profile": {"name", "updated_at"}, "email": {"email", "email_verified"}, "phone": {"phone_number", "phone_number_verified"}}


@pytest.fixture
def site(make_pool, server):
    return pages.Site.make(make_pool, server)


@pytest.fixture
def strict(site, idp):
    """The same, with userInfo in the types of the standard."""
    idp.tag_resource(ResourceArn=site.pool.arn, Tags={"cognate:userinfo-types": "json"})
    return site


@pytest.fixture
def browser():
    return pages.Browser()


def redeem(site, browser, **more) -> dict:
    """The tokens of the code that the browser was sent back with, the ID token checked."""
    back = browser.left_with
    assert (back.get("state"), back.get("iss")) == ("s-1", site.issuer) and "code" in back, back
    status, tokens = site.token(code=back["code"], **more)
    assert status == 200 and tokens["token_type"] == "Bearer" and tokens["expires_in"] == 3600, tokens
    check_id_token(site, tokens)
    return tokens


def check_id_token(site, tokens, nonce="n-1"):
    """OpenID Connect Core section 3.1.3.7 and 3.1.3.8."""
    keys = requests.get(site.discovery["jwks_uri"], timeout=30).json()
    got = verify(tokens["id_token"], keys)
    now = time.time()
    assert got["iss"] == site.issuer and got["aud"] == site.pool.client_id and got.get("nonce") == nonce and got["sub"]
    assert isinstance(got["exp"], int) and got["iat"] <= now + 5 < got["exp"] and got["auth_time"] <= got["iat"]
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert got["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    return got


# Config ------------------------------------------------------------------------------------------------------------

def test_discovery(site, server):
    """oidcc-discovery-issuer-not-matching-config, -endpoint-verification, oidcc-server-jwks: OpenID Connect Discovery section 3."""
    answer = requests.get(f"{site.issuer}/.well-known/openid-configuration", timeout=30)
    d = answer.json()
    assert answer.headers["Content-Type"].startswith("application/json") and d["issuer"] == site.issuer
    assert list(d) == sorted(d)
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint", "revocation_endpoint"):
        assert d[name].startswith(site.issuer + "/"), name
    assert "code" in d["response_types_supported"] and d["subject_types_supported"] == ["public"]
    assert d["id_token_signing_alg_values_supported"] == ["RS256"] and "openid" in d["scopes_supported"]
    assert {"sub", "iss", "auth_time", "acr", "name", "email", "address"} <= set(d["claims_supported"])
    assert {"query", "fragment", "form_post"} == set(d["response_modes_supported"])
    assert (d["request_parameter_supported"], d["request_uri_parameter_supported"], d["claims_parameter_supported"]) == (False, False, False)
    assert d["authorization_response_iss_parameter_supported"] is True and d["acr_values_supported"]
    keys = requests.get(d["jwks_uri"], timeout=30).json()["keys"]
    assert len({k["kid"] for k in keys}) == len(keys) and all(k["kty"] == "RSA" and k["use"] == "sig" and "d" not in k for k in keys)
    path = site.issuer.removeprefix(server.url.replace("127.0.0.1", "localhost"))
    for form in (f"{site.issuer}/.well-known/oauth-authorization-server", f"{site.issuer.removesuffix(path)}/.well-known/oauth-authorization-server{path}"):
        assert requests.get(form, timeout=30).json() == d, form


# Basic -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("auth", ["basic", "post"])
def test_code(site, browser, auth):
    """oidcc-server, oidcc-server-client-secret-post."""
    browser.sign_in(site.authorize())
    tokens = redeem(site, browser, auth=auth)
    assert site.user_info(tokens["access_token"]).json()["sub"] == claims(tokens["id_token"])["sub"]


def test_response_type_missing(site, browser):
    """oidcc-response-type-missing; and one that there is not."""
    assert browser.open(site.authorize(response_type=None)).left_with["error"] == "invalid_request"
    assert browser.open(site.authorize(response_type="id_token")).left_with["error"] == "unsupported_response_type"
    assert browser.left_with["state"] == "s-1"


def test_userinfo(strict, browser):
    """oidcc-userinfo-get, -post-header, -post-body; the types of OpenID Connect Core section 5.1."""
    browser.sign_in(strict.authorize(scope="openid profile email phone"))
    tokens = redeem(strict, browser)
    url, bearer = strict.discovery["userinfo_endpoint"], {"Authorization": f"Bearer {tokens['access_token']}"}
    got = [
        requests.get(url, headers=bearer, timeout=30), requests.post(url, headers=bearer, timeout=30),
        requests.post(url, data={"access_token": tokens["access_token"]}, timeout=30),
    ]
    assert [a.status_code for a in got] == [200] * 3 and got[0].json() == got[1].json() == got[2].json()
    info = got[0].json()
    assert (info["email_verified"], info["phone_number_verified"], info["updated_at"]) == (True, True, 1700000000)
    assert claims(tokens["id_token"])["updated_at"] == 1700000000
    assert requests.post(url, headers=bearer, data={"access_token": tokens["access_token"]}, timeout=30).status_code == 400
    assert requests.get(f"{url}?access_token={tokens['access_token']}", timeout=30).status_code == 400


def test_address(make_pool, server, idp, browser):
    """oidcc-scope-address: without a scope of its own, address comes along with openid alone."""
    site = pages.Site.make(make_pool, server)
    idp.tag_resource(ResourceArn=site.pool.arn, Tags={"cognate:userinfo-types": "json"})
    browser.sign_in(site.authorize())
    tokens = redeem(site, browser)
    assert site.user_info(tokens["access_token"]).json()["address"] == claims(tokens["id_token"])["address"] == {"formatted": "1 Main St"}


def test_without_nonce(site, browser):
    """oidcc-ensure-request-without-nonce-succeeds-for-code-flow."""
    browser.sign_in(site.authorize(nonce=None))
    status, tokens = site.token(code=browser.left_with["code"])
    assert status == 200 and "nonce" not in check_id_token(site, tokens, nonce=None)


@pytest.mark.parametrize("scopes", [["profile"], ["email"], ["phone"], ["profile", "email", "phone"]])
def test_scopes(strict, browser, scopes):
    """oidcc-scope-*, oidcc-ensure-other-scope-order-succeeds."""
    browser.sign_in(strict.authorize(scope=" ".join([*scopes, "openid"])))
    info = strict.user_info(redeem(strict, browser)["access_token"]).json()
    want = set().union(*(STANDARD_SCOPES[s] for s in scopes))
    others = set().union(*STANDARD_SCOPES.values()) - want
    assert want <= set(info) and not others & set(info), info


@pytest.mark.parametrize("more", [
    {"display": "page"}, {"display": "popup"}, {"ui_locales": "se"}, {"claims_locales": "se"}, {"login_hint": "ana"}, {"acr_values": "1 2"},
    {"extra": "foobar"}, {"claims": '{"userinfo":{"name":{"essential":true}}}'}, {"scope": "openid email"},
], ids=lambda m: next(iter(m)))
def test_parameters_that_are_taken(site, browser, more):
    """oidcc-display-*, oidcc-ui-locales, oidcc-claims-locales, oidcc-login-hint, oidcc-ensure-request-with-acr-values-succeeds,
    oidcc-ensure-request-with-unknown-parameter-succeeds, oidcc-claims-essential."""
    browser.sign_in(site.authorize(**more))
    redeem(site, browser)


def test_acr_values(site, browser):
    """oidcc-ensure-request-with-acr-values-succeeds, with values that discovery names: the ID token tells which was reached."""
    supported = site.discovery["acr_values_supported"]
    browser.sign_in(site.authorize(acr_values=" ".join(supported[:2])))
    got = claims(redeem(site, browser)["id_token"])
    assert got["acr"] == supported[0] and got["amr"] == ["pwd"]


def test_prompt(site, browser):
    """oidcc-prompt-none-not-logged-in, oidcc-prompt-none-logged-in, oidcc-prompt-login."""
    assert browser.open(site.authorize(prompt="none")).left_with == {"error": "login_required", "state": "s-1", "iss": site.issuer}
    browser.sign_in(site.authorize())
    first = claims(redeem(site, browser)["id_token"])
    silent = claims(redeem(site, browser.open(site.authorize(prompt="none")))["id_token"])
    assert (silent["sub"], silent["auth_time"]) == (first["sub"], first["auth_time"])
    assert browser.open(site.authorize(prompt="login")).left is None
    browser.log_in()
    assert claims(redeem(site, browser)["id_token"])["sub"] == first["sub"]
    assert browser.open(site.authorize(prompt="none login")).left_with["error"] == "invalid_request"


def test_max_age(site, browser, clock):
    """oidcc-max-age-1, oidcc-max-age-10000, oidcc-prompt-login: auth_time moves with a new sign-in only."""
    browser.sign_in(site.authorize(max_age="10000"))
    first = claims(redeem(site, browser)["id_token"])
    second = claims(redeem(site, browser.open(site.authorize(max_age="10000")))["id_token"])
    assert second["auth_time"] == first["auth_time"]
    clock("3s")
    assert browser.open(site.authorize(max_age="1", prompt="none")).left_with["error"] == "login_required"
    assert browser.open(site.authorize(max_age="1")).left is None
    browser.log_in()
    status, tokens = site.token(code=browser.left_with["code"])
    assert status == 200 and claims(tokens["id_token"])["auth_time"] >= first["auth_time"] + 3


def test_id_token_hint(site, browser):
    """oidcc-id-token-hint: for its user and for nobody else."""
    browser.sign_in(site.authorize())
    hint = redeem(site, browser)["id_token"]
    redeem(site, browser.open(site.authorize(prompt="none", id_token_hint=hint)))
    site.pool.user("bob")
    other = pages.Browser().sign_in(site.authorize(), "bob")
    assert other.open(site.authorize(prompt="none", id_token_hint=hint)).left_with["error"] == "login_required"
    assert browser.open(site.authorize(prompt="none", id_token_hint=hint[:-6] + "AAAAAA")).left_with["error"] == "invalid_request"


@pytest.mark.parametrize("seconds", [0, 30])
def test_code_reuse(site, browser, clock, seconds):
    """oidcc-codereuse, oidcc-codereuse-30seconds: refused, and what the code gave has ended."""
    browser.sign_in(site.authorize())
    code = browser.left_with["code"]
    tokens = redeem(site, browser)
    assert site.user_info(tokens["access_token"]).status_code == 200
    if seconds:
        clock(f"{seconds}s")
    status, answer = site.token(code=code)
    assert (status, answer["error"]) == (400, "invalid_grant")
    assert site.user_info(tokens["access_token"]).status_code == 401
    assert site.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])[1] == {"error": "invalid_grant"}


@pytest.mark.parametrize("uri", [pages.CALLBACK + "/", pages.CALLBACK + "?a=b", pages.CALLBACK + "#f", "https://app.example.com@evil.example/callback", None])
def test_redirect_uri(site, browser, uri):
    """oidcc-ensure-registered-redirect-uri, oidcc-redirect-uri-*: nothing but the registered one, and never a redirect."""
    browser.open(site.authorize(redirect_uri=uri))
    assert browser.left is None and browser.answer.status_code == 400 and "Sign in" not in browser.text


def test_redirect_uri_at_token_endpoint(site, browser):
    """RFC 6749 section 4.1.3."""
    browser.sign_in(site.authorize())
    status, answer = site.token(code=browser.left_with["code"], redirect_uri=pages.CALLBACK + "/")
    assert (status, answer["error"]) == (400, "unauthorized_client")  # as Cognito names it


@pytest.mark.parametrize("more,error", [
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"), ({"request_uri": "https://app.example.com/r"}, "request_uri_not_supported"),
])
def test_request_objects(site, browser, more, error):
    """oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported, oidcc-request-uri-*."""
    assert browser.open(site.authorize(**more)).left_with == {"error": error, "state": "s-1", "iss": site.issuer}


def test_refresh_token(site, make_pool, server, browser):
    """oidcc-refresh-token, and that it is its client's alone."""
    browser.sign_in(site.authorize())
    tokens = redeem(site, browser)
    status, fresh = site.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    old, new = claims(tokens["id_token"]), claims(fresh["id_token"])
    assert status == 200 and all(new[n] == old[n] for n in ("iss", "sub", "aud", "auth_time")) and new["iat"] >= old["iat"]
    other = site.pool.client(GenerateSecret=True)
    answer = requests.post(site.discovery["token_endpoint"], auth=(other["ClientId"], other["ClientSecret"]), timeout=30,
                           data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_pkce(site, browser):
    """oidcc-ensure-request-with-valid-pkce-succeeds, and RFC 9700: no downgrade."""
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = site.authorize(code_challenge=challenge, code_challenge_method="S256")
    browser.sign_in(asked)
    redeem(site, browser, code_verifier=verifier)
    for wrong in ({}, {"code_verifier": "w" * 43}):
        assert site.token(code=browser.open(asked).left_with["code"], **wrong)[1] == {"error": "invalid_grant"}
    assert site.token(code=browser.open(site.authorize()).left_with["code"], code_verifier=verifier)[1] == {"error": "invalid_grant"}
    for more in ({"code_challenge_method": "plain"}, {"code_challenge_method": None}):
        assert browser.open(site.authorize(**({"code_challenge": challenge} | more))).left_with["error"] == "invalid_request"


def test_post_request(site, browser):
    """oidcc-ensure-post-request-succeeds."""
    browser.open(site.discovery["authorization_endpoint"], "POST", data=site.request())
    browser.log_in()
    redeem(site, browser)


# Form Post ---------------------------------------------------------------------------------------------------------

def test_form_post(site, browser):
    """oidcc-server and the rest of the profile with response_mode=form_post: answers and errors come as a form."""
    browser.open(site.authorize(response_mode="form_post", prompt="none"))
    action, fields = browser.form("error")
    assert (action, fields) == (pages.CALLBACK, {"error": "login_required", "state": "s-1", "iss": site.issuer})
    browser.open(site.authorize(response_mode="form_post", response_type=None))
    assert browser.form("error")[1]["error"] == "invalid_request"
    # An unsigned request object alone says how the answer goes, and the refusal of request objects follows it.
    inside = base64.urlsafe_b64encode(json.dumps({"response_mode": "form_post", "state": "s-2"}).encode()).rstrip(b"=").decode()
    browser.open(site.authorize(request=f"eyJhbGciOiJub25lIn0.{inside}.", state=None))
    assert browser.form("error") == (pages.CALLBACK, {"error": "request_not_supported", "state": "s-2", "iss": site.issuer})
    browser.open(site.authorize(response_mode="form_post"))
    browser.log_in()
    action, fields = browser.form("code")
    assert action == pages.CALLBACK and (fields["state"], fields["iss"]) == ("s-1", site.issuer)
    assert browser.answer.headers["Content-Type"].startswith("text/html") and "no-store" in browser.answer.headers["Cache-Control"]
    status, tokens = site.token(code=fields["code"])
    assert status == 200
    check_id_token(site, tokens)
    state = '"><script>alert(1)</script>'
    assert browser.open(site.authorize(response_mode="form_post", state=state)).form("code")[1]["state"] == state


# RP-Initiated Logout -----------------------------------------------------------------------------------------------

def silent(site, browser) -> dict:
    """What the session of the browser answers."""
    return browser.open(site.authorize(prompt="none")).left_with


@pytest.fixture
def signed_in(site, browser):
    """Signs in, logs out with these parameters and tells whether the session lives on; hint stands for the ID token."""
    def log_out(method="GET", **parameters):
        hint = redeem(site, browser.sign_in(site.authorize()))["id_token"]
        sent = {k: hint if v == "hint" else v for k, v in parameters.items()}
        if method == "GET":
            browser.open(site.discovery["end_session_endpoint"], params=sent)
        else:
            browser.open(site.discovery["end_session_endpoint"], "POST", data=sent)
        left, status, text = browser.left, browser.answer.status_code, browser.text
        alive = "code" in silent(site, browser)
        return left, status, text, alive
    return log_out


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logout(signed_in, method):
    """oidcc-rp-initiated-logout, -no-state."""
    assert signed_in(method, id_token_hint="hint", post_logout_redirect_uri=pages.OUT, state="s 2")[::3] == (f"{pages.OUT}?state=s+2", False)
    assert signed_in(method, id_token_hint="hint", post_logout_redirect_uri=pages.OUT)[::3] == (pages.OUT, False)


def test_logout_by_client_id(site, signed_in):
    """RP-Initiated Logout section 2: client_id instead of, or with, the hint."""
    assert signed_in(client_id=site.pool.client_id, post_logout_redirect_uri=pages.OUT)[::3] == (pages.OUT, False)
    assert signed_in(client_id=site.pool.client_id, id_token_hint="hint", post_logout_redirect_uri=pages.OUT)[::3] == (pages.OUT, False)
    left, status, _, _ = signed_in(client_id="another", id_token_hint="hint", post_logout_redirect_uri=pages.OUT)
    assert (left, status) == (None, 400)


@pytest.mark.parametrize("parameters", [{"id_token_hint": "hint"}, {"id_token_hint": "hint", "state": "s-2"}])
def test_logout_to_nowhere(signed_in, parameters):
    """oidcc-rp-initiated-logout-no-post-logout-redirect-uri: a page says that it is done."""
    left, status, text, alive = signed_in(**parameters)
    assert (left, status, alive) == (None, 200, False) and "signed out" in text


@pytest.mark.parametrize("parameters", [{"state": "s-2"}, {}])
def test_logout_without_hint(site, browser, parameters):
    """oidcc-rp-initiated-logout-no-params, -only-state: as any site could link here, people are asked."""
    redeem(site, browser.sign_in(site.authorize()))
    browser.open(site.discovery["end_session_endpoint"], params=parameters)
    assert browser.left is None and browser.answer.status_code == 200
    assert "code" in silent(site, browser)
    browser.open(site.discovery["end_session_endpoint"], params=parameters)
    action, fields = browser.form("_csrf")
    assert "signed out" in browser.open(action, "POST", data=fields, headers={"Origin": "/".join(action.split("/")[:3])}).text
    assert silent(site, browser)["error"] == "login_required"


@pytest.mark.parametrize("parameters", [
    {"id_token_hint": "hint", "post_logout_redirect_uri": pages.OUT + "/x"}, {"id_token_hint": "hint", "post_logout_redirect_uri": pages.OUT + "?a=b"},
    {"id_token_hint": "garbage", "post_logout_redirect_uri": pages.OUT}, {"post_logout_redirect_uri": pages.OUT},
])
def test_logout_refused(signed_in, parameters):
    """oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, -query-added-to-post-logout-redirect-uri, -bad-id-token-hint,
    -modified-id-token-hint, -no-id-token-hint: a page says so, and nothing leads away."""
    left, status, _, _ = signed_in(**parameters)
    assert (left, status) == (None, 400)
