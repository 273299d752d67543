"""authlib, unmodified: as a client of its own, and behind a Flask app that takes people in."""

import json
import urllib.parse

import flask
import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

import requests

import pages
from tokens import claims


@pytest.fixture
def site(make_pool, server):
    return pages.Site.make(make_pool, server)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_session(site, method):
    """Code with PKCE, ID token, userInfo, refresh, revocation."""
    session = OAuth2Session(
        site.pool.client_id, site.pool.secret, scope="openid email", redirect_uri=pages.CALLBACK, token_endpoint_auth_method=method,
        code_challenge_method="S256", token_endpoint=site.discovery["token_endpoint"])
    verifier = "v" * 48
    url, state = session.create_authorization_url(site.discovery["authorization_endpoint"], code_verifier=verifier, nonce="n-1")
    back = pages.Browser().sign_in(url)
    assert back.left_with["state"] == state and back.left_with["iss"] == site.issuer
    token = session.fetch_token(authorization_response=back.left, code_verifier=verifier, state=state)
    keys = KeySet.import_key_set(requests.get(site.discovery["jwks_uri"], timeout=30).json())
    id_token = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    jwt.JWTClaimsRegistry(iss={"value": site.issuer, "essential": True}, aud={"value": site.pool.client_id, "essential": True},
                          nonce={"value": "n-1", "essential": True}, at_hash={"essential": True}).validate(id_token)
    assert session.get(site.discovery["userinfo_endpoint"]).json()["email"] == "ana@example.com"
    fresh = session.refresh_token(refresh_token=token["refresh_token"])
    assert fresh["access_token"] != token["access_token"] and claims(fresh["id_token"])["sub"] == id_token["sub"]
    assert session.revoke_token(site.discovery["revocation_endpoint"], token["refresh_token"], "refresh_token").status_code == 200
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token(refresh_token=token["refresh_token"])


def app(site) -> flask.Flask:
    """A Flask app as the documentation of authlib has it."""
    app = flask.Flask("relying")
    app.secret_key = "test"
    oauth = OAuth(app)
    oauth.register(
        "cognate", client_id=site.pool.client_id, client_secret=site.pool.secret, client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
        server_metadata_url=f"{site.issuer}/.well-known/openid-configuration")

    @app.get("/login")
    def login():
        return oauth.cognate.authorize_redirect(pages.CALLBACK)

    @app.get("/callback")
    def callback():
        token = oauth.cognate.authorize_access_token()
        return {"claims": token["userinfo"], "info": oauth.cognate.userinfo(token=token), "hint": token["id_token"]}

    return app


def test_flask(site):
    """Discovery, state and nonce in the app's session, and logout."""
    browser, client = pages.Browser(), app(site).test_client()
    back = browser.sign_in(client.get("/login").location)
    answer = json.loads(client.get("/callback?" + urllib.parse.urlsplit(back.left).query).data)
    assert answer["claims"]["email"] == answer["info"]["email"] == "ana@example.com" and answer["claims"]["nonce"]
    out = urllib.parse.urlencode({"id_token_hint": answer["hint"], "post_logout_redirect_uri": pages.OUT, "state": "s-2"})
    assert browser.open(f"{site.discovery['end_session_endpoint']}?{out}").left == f"{pages.OUT}?state=s-2"
    assert "Sign in" in browser.open(client.get("/login").location).text
