"""Registering, logging in, and who may do what: section B of the scenarios."""

import hashlib
import json
import time

import pytest
from shop_support.shop import SECRET
from shop_support.tokens import parts_of, sign, token_for

pytestmark = pytest.mark.fast


def test_s10_register_and_log_in(shop):
    answer = shop.register("s10@x.io")
    assert answer.status == 201
    user = json.loads(answer.body)
    assert set(user) == {"email", "name", "userId"} and user["email"] == "s10@x.io" and user["name"] == "Tester"

    before = time.time()
    login = shop.login("s10@x.io")
    assert login.status == 200 and login.body == b""
    assert login.headers["userid"] == user["userId"]
    head, claims = parts_of(login.headers["token"])
    assert head["alg"] == "HS512"
    assert claims["sub"] == user["userId"]
    assert abs(claims["exp"] - (before + 86400)) < 5

    ((encrypted,),) = shop.rows("userdb", "select encrypted_pwd from users where email = 's10@x.io'")
    assert encrypted.startswith("$2a$10$") and len(encrypted) == 60


def test_the_gateway_and_the_issuer_of_tokens_tell_the_same_fingerprint_of_the_secret(shop):
    (base,) = shop.instances("user")
    told = [json.loads(shop.get(f"{at}/actuator/info").body)["token"]["fingerprint"] for at in (shop.url(), base)]
    assert told[0] == told[1] == "****" + hashlib.sha256(SECRET.encode()).hexdigest()[:8]


def test_s10_a_wrong_password_and_an_unknown_user_look_the_same(shop):
    shop.register("s10b@x.io")
    answers = [shop.login("s10b@x.io", "wrong-password"), shop.login("nobody@x.io", "wrong-password")]
    assert [a.status for a in answers] == [401, 401]


@pytest.mark.parametrize(
    "field, members, message",
    [
        ("email", {"email": None}, "Email cannot be null"),
        ("email", {"email": "a"}, "Email not be less than two characters"),
        ("name", {"name": "x"}, "Name not be less than two characters"),
        ("pwd", {"pwd": "1234"}, "Password must be equal or grater than 8 characters"),
    ],
)
def test_s11_validation_names_the_field_and_the_rule(shop, field, members, message):
    answer = shop.register(**{"email": "s11@x.io", **members})
    assert answer.status == 400
    errors = json.loads(answer.body)["errors"]
    assert {"field": field, "message": message} in [{k: e[k] for k in ("field", "message")} for e in errors]


def test_s11_an_email_is_taken_once(shop):
    assert shop.register("s11-twice@x.io").status == 201
    assert shop.register("s11-twice@x.io").status == 409


def test_s11_broken_json_is_a_bad_request(shop):
    assert shop.ask("POST", "/user-service/users", "{ this is no json").status == 400


def test_s11_the_course_does_not_validate(shop_with):
    shop = shop_with({"shop.profile": "course"}, routes="deploy/routes/course.yml")
    assert shop.register("course@x.io", pwd="1234").status == 201


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer x.y.z",
        "Bearer " + token_for(SECRET, "somebody", lifetime=-3600),
        "Bearer " + sign(SECRET, {"sub": "somebody", "exp": 4102444800}, "none"),
        "Bearer " + token_for("another secret", "somebody"),
    ],
    ids=["none", "nonsense", "expired", "alg-none", "other-secret"],
)
def test_s12_protected_routes_want_a_good_token(shop, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    assert shop.get("/user-service/users", headers=headers).status == 401


def test_s12_open_and_protected_routes(shop):
    tester, other = shop.enter(), shop.enter()
    assert shop.get("/user-service/users", tester).status == 200
    assert shop.get("/catalog-service/catalogs").status == 200
    body = {"productId": "CATALOG-001", "qty": 1, "unitPrice": 1500}
    assert shop.ask("POST", f"/order-service/{tester.user_id}/orders", body).status == 401
    assert shop.get(f"/user-service/users/{other.user_id}", tester).status == 403
    assert shop.order(tester, user_id=other.user_id).status == 403
    assert shop.ask("DELETE", f"/user-service/users/{tester.user_id}", who=tester).status == 404


def test_s12_a_forged_user_id_does_not_help(shop):
    tester, other = shop.enter(), shop.enter()
    forged = {"X-User-Id": other.user_id}
    assert shop.get(f"/user-service/users/{other.user_id}", tester, headers=forged).status == 403
    assert shop.get(f"/user-service/users/{tester.user_id}", tester, headers=forged).status == 200


def test_s12_the_course_trusts_everybody(shop_with):
    shop = shop_with({"shop.profile": "course"}, routes="deploy/routes/course.yml")
    tester, other = shop.enter(), shop.enter()
    assert shop.get(f"/user-service/users/{other.user_id}", tester).status == 200


def test_s13_paths_are_rewritten_where_the_course_does(shop):
    tester = shop.enter()
    assert shop.get("/user-service/welcome", tester).text == "Welcome to the Simple E-commerce."
    for spelling in ("health_check", "health-check"):
        answer = shop.get(f"/order-service/{spelling}", tester)
        assert answer.status == 200 and answer.text.startswith("It's Working in Order Service on PORT")
    product = json.loads(shop.get("/catalog-service/CATALOG-001").body)
    assert product["productName"] == "Berlin"


def test_s13_services_answer_with_and_without_their_name(shop):
    for base in shop.instances("catalog"):
        for path in ("/catalogs", "/catalog-service/catalogs"):
            assert shop.get(base + path).status == 200
