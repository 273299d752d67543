"""A person before the pages of managed login, with a browser that runs no script, and the pools that send people there."""

import dataclasses
import html.parser
import urllib.parse

import requests

import world

CALLBACK = "https://app.example.com/callback"
OUT = "https://app.example.com/out"


class Forms(html.parser.HTMLParser):
    """The forms of a page: where each goes and the fields that it has; buttons without their values."""

    def __init__(self, text: str):
        super().__init__()
        self.forms, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.forms.append((a.get("action", ""), {}))
        elif tag in ("input", "button") and self.forms and "name" in a:
            self.forms[-1][1][a["name"]] = a.get("value", "") if tag == "input" else None

    def handle_data(self, data):
        self.text.append(data)


class Browser:
    """`left` is the address outside of the pages that the browser was sent to, parsed; `left_with` its parameters."""

    def __init__(self):
        self.session = requests.Session()
        self.session.trust_env = False
        self.answer, self.left = None, None

    def open(self, url: str, method: str = "GET", **request):
        host = urllib.parse.urlsplit(url).netloc
        self.left = None
        for _ in range(10):
            self.answer = self.session.request(method, url, allow_redirects=False, timeout=30, **request)
            if not self.answer.is_redirect:
                return self
            url, method, request = urllib.parse.urljoin(url, self.answer.headers["Location"]), "GET", {}
            if urllib.parse.urlsplit(url).netloc != host:
                self.left = url
                return self
        raise AssertionError(f"redirected in a circle at {url}")

    @property
    def text(self) -> str:
        return " ".join(" ".join(Forms(self.answer.text).text).split())

    @property
    def left_with(self) -> dict:
        assert self.left, f"still at {self.answer.url} ({self.answer.status_code}): {self.text}"
        parts = urllib.parse.urlsplit(self.left)
        return dict(urllib.parse.parse_qsl(parts.query or parts.fragment))

    def form(self, *names: str):
        for action, fields in Forms(self.answer.text).forms:
            if all(n in fields for n in names):
                return urllib.parse.urljoin(self.answer.url, action), {k: v for k, v in fields.items() if v is not None}
        raise AssertionError(f"no form with {names} at {self.answer.url} ({self.answer.status_code}): {self.text}")

    def fill(self, **fields):
        action, values = self.form(*fields)
        parts = urllib.parse.urlsplit(action)
        return self.open(action, "POST", data=values | fields, headers={"Origin": f"{parts.scheme}://{parts.netloc}"})

    def sign_in(self, url: str, username: str = "ana", password: str = world.PASSWORD):
        """Opens an address, and signs in where that asks for it."""
        self.open(url)
        if not self.left:
            self.log_in(username, password)
        return self

    def log_in(self, username: str = "ana", password: str = world.PASSWORD):
        self.fill(username=username)
        return self if self.left else self.fill(password=password)


@dataclasses.dataclass
class Site:
    """A pool with the user ana, a client of the code flow and what discovery says."""

    pool: world.Pool
    issuer: str
    discovery: dict

    @classmethod
    def make(cls, make_pool, server, **client):
        settings = {
            "AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid", "email", "profile", "phone"],
            "CallbackURLs": [CALLBACK], "LogoutURLs": [OUT], "SupportedIdentityProviders": ["COGNITO"], "GenerateSecret": True,
        }
        pool = make_pool(client=settings | client)
        pool.user("ana", email="ana@example.com", email_verified="true", name="Ana Quist", phone_number="+15550100", phone_number_verified="true",
                  address="1 Main St", updated_at="1700000000")
        issuer = f"{server.url.replace('127.0.0.1', 'localhost')}/{pool.id}"
        return cls(pool, issuer, requests.get(f"{issuer}/.well-known/openid-configuration", timeout=30).json())

    def request(self, **more) -> dict:
        """An authorization request; None takes a parameter away."""
        parameters = {"client_id": self.pool.client_id, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "state": "s-1", "nonce": "n-1"}
        return {k: v for k, v in (parameters | more).items() if v is not None}

    def authorize(self, **more) -> str:
        return f"{self.discovery['authorization_endpoint']}?{urllib.parse.urlencode(self.request(**more))}"

    def token(self, auth="basic", **form):
        """Asks the token endpoint; returns status and document."""
        form.setdefault("grant_type", "authorization_code")
        if form["grant_type"] == "authorization_code":
            form.setdefault("redirect_uri", CALLBACK)
        basic = None
        if auth == "basic":
            basic = (self.pool.client_id, self.pool.secret)
        else:
            form |= {"client_id": self.pool.client_id, "client_secret": self.pool.secret}
        answer = requests.post(self.discovery["token_endpoint"], data=form, auth=basic, timeout=30)
        return answer.status_code, answer.json()

    def user_info(self, access_token: str):
        return requests.get(self.discovery["userinfo_endpoint"], headers={"Authorization": f"Bearer {access_token}"}, timeout=30)
