"""Closed unless a route says for whom it is open; every route is found from the application itself."""

import asyncio
import re
import time
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from activesci.service import tokens
from activesci.service.app import application
from activesci.service.gate import LARGEST_BODY, OPEN, Gate
from activesci.service.tokens import SESSION, Scope

from .conftest import HOST

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OPEN_PATHS = {"/healthz", "/login"}
FILLED = {"campaign": "done", "other": "asked", "digest": "0" * 64, "study": "x", "version": "0" * 16}
FILLED |= {"challenge": "none", "entry": "none"}
FILLED |= {"analysis": "line", "request": "0" * 16}
FILLED |= {"job": "0" * 16, "token": "0" * 12, "number": "1"}


def routes(app):
    """Return (path, methods, declared scope) of every route there is, its holes filled."""
    return [
        (re.sub(r"{(\w+)}", lambda m: FILLED[m[1]], route.path), route.methods, (route.openapi_extra or {}).get(OPEN))
        for route in app.router.routes
    ]


def test_every_route_declares_who_may_or_is_one_of_the_two_open_ones(ungated):
    found = routes(ungated)
    assert len(found) > 40
    assert {path for path, _, scope in found if scope is None} == OPEN_PATHS


@pytest.mark.parametrize("secret", [None, "asci_wrong", "", "Bearer", "\u00e9".encode("latin-1")])
def test_without_a_token_no_route_and_no_method_says_anything(ungated, asks, secret):
    nobody = asks()
    headers = (
        {}
        if secret is None
        else {"authorization": b"Bearer " + (secret if isinstance(secret, bytes) else secret.encode())}
    )
    for path, _, _ in [*routes(ungated), ("/nothing", (), None), ("/docs", (), None), ("/redoc", (), None)]:
        for method in METHODS:
            answer = nobody.request(method, path, headers=headers)
            if path == "/healthz" and method in ("GET", "HEAD"):
                assert answer.status_code == (200 if method == "GET" else 405)
            elif path == "/login" and method == "POST":
                assert answer.status_code == 401
            else:
                assert (answer.status_code, path, method) == (401, path, method)


@pytest.mark.parametrize("scope", [Scope.VIEWER, Scope.REQUESTER, Scope.OPERATOR])
def test_a_lesser_scope_is_refused_wherever_a_greater_one_is_needed(ungated, asks, scope):
    client = asks(scope)
    for path, methods, needed in routes(ungated):
        if needed is not None and Scope.of(needed) > scope:
            for method in methods - {"HEAD"}:
                assert (client.request(method, path).status_code, path) == (403, path)


def test_a_token_for_one_campaign_opens_nothing_else(ungated, asks):
    client = asks(Scope.OWNER, "asked")
    assert client.get("/api/campaigns/asked").status_code == 200
    for path, methods, needed in routes(ungated):  # all filled with the campaign `done`
        for method in methods - {"HEAD"} if needed is not None else ():
            assert (client.request(method, path).status_code, path) == (403, path)


def test_a_revoked_token_and_its_sessions_are_worth_nothing(house, asks):
    name, secret = house.tokens.create("lent", Scope.VIEWER)
    browser, program = asks(), asks(secret=secret)
    entered = browser.post("/login", data={"token": secret}, headers={"origin": f"http://{HOST}"})
    assert (entered.status_code, browser.get("/").status_code, program.get("/metrics").status_code) == (303, 200, 200)
    assert house.tokens.revoke(name)
    assert (browser.get("/").status_code, program.get("/metrics").status_code) == (401, 401)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house, asks):
    secret = house.tokens.create("browser", Scope.OPERATOR)[1]
    entered = asks().post("/login", data={"token": secret}, headers={"origin": f"http://{HOST}"})
    cookie = entered.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    assert secret not in cookie


def test_secrets_are_kept_nowhere(house, tmp_path, asks):
    secret = house.tokens.create("secret", Scope.OWNER)[1]
    assert asks(secret=secret).get("/api/tokens").status_code == 200
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert kept == []


def raw(app, path, secret):
    """Return the status of a GET whose path no client has tidied up."""
    said = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message)

    headers = [(b"host", HOST.encode()), (b"authorization", b"Bearer " + secret.encode())]
    asked = {"type": "http", "method": "GET", "path": unquote(path), "raw_path": path.encode(), "headers": headers}
    asyncio.run(app(asked | {"query_string": b"", "http_version": "1.1", "scheme": "http"}, receive, send))
    return said[0]["status"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/campaigns/..%2fdone", "/api/campaigns/%2e%2e/done", "/api/campaigns/%252e%252e", "/api//campaigns",
        "/api/campaigns/..\\..\\done", "/api/campaigns/done%00", "/./api/campaigns", "/api/campaigns/.service",
        "/api/campaigns/../campaigns", "/api/campaigns/do%CC%88ne", "/api/campaigns/" + "x" * 4096, "/api/campaigns/",
        "/api/%63ampaigns",
    ],
)  # fmt: skip
def test_odd_paths_lead_nowhere(house, path):
    secret = house.tokens.create("owner", Scope.OWNER)[1]
    app = application(house, [HOST])
    assert raw(app, "/api/campaigns", secret) == 200
    assert raw(app, path, secret) == 404


@pytest.mark.parametrize("name", ["DONE", "Done", "done.", "..", "a" * 65, "done.npz", "-done"])
def test_only_a_name_as_it_is_listed_is_a_campaign(owner, name):
    assert owner.get(f"/api/campaigns/{name}").status_code in (404, 422)


@pytest.mark.parametrize("host", ["evil.example", "lab", "lab:80", "lab:8642.evil.example", "127.0.0.1:8642", ""])
def test_another_host_is_refused_before_anything_else(owner, host):
    assert owner.get("/api/campaigns", headers={"host": host}).status_code == 421
    assert owner.get("/healthz", headers={"host": host, "x-forwarded-host": HOST}).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", f"http://{HOST}.evil.example", "null", f"https://{HOST}"])
def test_another_origin_changes_nothing_with_a_cookie_or_without(house, asks, origin):
    secret = house.tokens.create("browser", Scope.OWNER)[1]
    browser = asks()
    browser.post("/login", data={"token": secret}, headers={"origin": f"http://{HOST}"})
    for headers in ({"origin": origin}, {}):
        assert browser.post("/campaigns/asked/run", headers=headers).status_code == 403
    assert asks(secret=secret).post("/api/campaigns/asked/run", headers={"origin": origin}).status_code == 403
    assert house.workers.wishes.listed() == []
    mine = {"origin": f"http://{HOST}"}
    assert browser.post("/campaigns/asked/run", headers={**mine, "sec-fetch-site": "cross-site"}).status_code == 403
    assert browser.post("/campaigns/asked/run", headers=mine).status_code == 303
    assert [wish.state for wish in house.workers.wishes.listed()] == ["running"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_the_api_takes_json_and_nothing_that_a_form_of_others_can_send(owner, kind):
    body = b'{"label": "x", "scope": "owner"}'
    assert owner.post("/api/tokens", content=body, headers={"content-type": kind}).status_code == 415


def test_bodies_are_bounded_and_never_unpacked(owner):
    json = {"content-type": "application/json"}
    large = b"[" * (LARGEST_BODY + 1)
    assert owner.post("/api/studies", content=large, headers=json).status_code == 413
    assert owner.post("/api/studies", content=iter([large]), headers=json).status_code == 413  # says no length
    packed = {**json, "content-encoding": "gzip"}
    assert owner.post("/api/studies", content=b"x", headers=packed).status_code == 415
    assert owner.post("/api/studies", content=b"[" * 100_000, headers=json).status_code in (400, 422)
    assert owner.post("/api/studies", content=b'{"files": ' + b"9" * 5000 + b"}", headers=json).status_code in (
        400,
        422,
    )


def test_every_answer_says_what_a_browser_may_do_with_it(owner, asks):
    for answer in (owner.get("/"), owner.get("/nothing"), asks().get("/", headers={"accept": "text/html"})):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
        assert "access-control-allow-origin" not in answer.headers
    report = owner.get("/campaigns/done/report").headers["content-security-policy"]
    assert report.startswith("sandbox; default-src 'none'")


def test_a_route_that_declares_nothing_is_open_to_nobody(house, ungated):
    """The mutant: somebody adds a route and forgets the gate."""
    ungated.add_api_route("/forgotten", lambda: "secret", methods=["GET"])
    client = TestClient(Gate(ungated, ungated.router.routes, house.tokens, [HOST]), base_url=f"http://{HOST}")
    secret = house.tokens.create("owner", Scope.OWNER)[1]
    answer = client.get("/forgotten", headers={"authorization": f"Bearer {secret}"})
    assert (answer.status_code, "secret" in answer.text) == (403, False)


@pytest.mark.parametrize("secret", [None, "owner"])
def test_there_are_no_websockets_not_even_for_owners(house, secret):
    said = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        said.append(message)

    given = (
        [] if secret is None else [(b"authorization", b"Bearer " + house.tokens.create("o", Scope.OWNER)[1].encode())]
    )
    asked = {"type": "websocket", "path": "/api/campaigns", "raw_path": b"/api/campaigns", "query_string": b""}
    headers = [(b"host", HOST.encode()), *given]
    asyncio.run(application(house, [HOST])(asked | {"headers": headers}, receive, send))
    assert said == [{"type": "websocket.close", "code": 1008}]


def test_a_slash_at_the_end_and_what_a_proxy_says_lead_nowhere(ungated, owner, asks):
    for path, methods, _ in routes(ungated):
        if path != "/" and "GET" in methods:
            assert (owner.get(f"{path}/").status_code, path) == (404, path)
            assert (asks().get(f"{path}/").status_code, path) == (401, path)
    forwarded = {"x-forwarded-for": "127.0.0.1", "x-forwarded-host": HOST, "x-forwarded-proto": "https"}
    forwarded |= {"x-original-url": "/healthz", "x-rewrite-url": "/healthz", "x-http-method-override": "GET"}
    assert asks().get("/api/campaigns", headers=forwarded).status_code == 401


def test_a_session_runs_out(house, asks, monkeypatch):
    secret = house.tokens.create("browser", Scope.OWNER)[1]
    browser = asks()
    browser.post("/login", data={"token": secret}, headers={"origin": f"http://{HOST}"})
    assert browser.get("/").status_code == 200
    now = time.time()
    for later in (SESSION + 1, -1.0):  # and a clock that was set back
        monkeypatch.setattr(tokens, "time", SimpleNamespace(time=lambda later=later: now + later))
        assert browser.get("/").status_code == 401
    monkeypatch.undo()
    assert browser.get("/").status_code == 200


def test_what_is_known_of_a_token_does_not_outlive_it(house):
    """Who is looked up while a token is revoked is let in this once, and not remembered."""
    name, secret = house.tokens.create("lent", Scope.VIEWER)
    looked = house.tokens._token

    def slow(digest):
        found = looked(digest)
        assert house.tokens.revoke(name)
        return found

    house.tokens._token = slow
    assert house.tokens.principal(secret).token == name
    house.tokens._token = looked
    assert house.tokens.principal(secret) is None
