"""ListUsers with its filter grammar, groups, and every paginator."""

import concurrent.futures

import pytest

import world


def names(answer):
    return [u["Username"] for u in answer["Users"]]


@pytest.fixture
def people(make_pool):
    pool = make_pool(Schema=[{"Name": "team", "AttributeDataType": "String", "Mutable": True}])
    pool.user("ana", email="ana@example.com", name="Ana Alpha", given_name="Ana", family_name="Alpha", custom__team="x")
    pool.user("bob", email="Bob@example.com", name="Bob Beta", given_name="Bob", family_name="Beta", phone_number="+14325550001")
    pool.user("bea", email="bea@other.example", name="Bea \"B\" Gamma", preferred_username="queen")
    pool.sign_up("cyd", email="cyd@example.com")
    pool.idp.admin_disable_user(UserPoolId=pool.id, Username="bob")
    return pool


@pytest.mark.parametrize("expression, want", [
    ('username = "ana"', ["ana"]), ('username="ana"', ["ana"]), ('username ^= "b"', ["bea", "bob"]), ('username = "ANA"', []),
    ('email = "bob@example.com"', ["bob"]), ('email ^= "B"', ["bea", "bob"]), ('name ^= "ana a"', ["ana"]),
    ('given_name = "Bob"', ["bob"]), ('family_name ^= "al"', ["ana"]), ('phone_number ^= "+1432"', ["bob"]),
    ('preferred_username = "queen"', ["bea"]), ('cognito:user_status = "UNCONFIRMED"', ["cyd"]),
    ('cognito:user_status = "confirmed"', ["ana", "bea", "bob"]), ('status = "Disabled"', ["bob"]),
    ('status = "Enabled"', ["ana", "bea", "cyd"]), ('name = "Bea \\"B\\" Gamma"', ["bea"]), ('email = "none"', []), ("", ["ana", "bea", "bob", "cyd"]),
])
def test_filters(people, expression, want):
    assert sorted(names(people.idp.list_users(UserPoolId=people.id, Filter=expression))) == want


def test_filter_by_sub(people):
    sub = people.attrs("ana")["sub"]
    assert names(people.idp.list_users(UserPoolId=people.id, Filter=f'sub = "{sub}"')) == ["ana"]


@pytest.mark.parametrize("expression", [
    "username", "username =", 'username = "ana', "username = ana", 'username > "a"', 'username = "a" and email = "b"', '= "a"', '"a" = username'])
def test_broken_filters(people, refused, expression):
    with refused("InvalidParameterException"):
        people.idp.list_users(UserPoolId=people.id, Filter=expression)


@pytest.mark.parametrize("name", ["custom:team", "nickname", "birthdate", "nothing"])
def test_unsearchable(people, refused, name):
    with refused("InvalidParameterException"):
        people.idp.list_users(UserPoolId=people.id, Filter=f'{name} = "x"')


def test_sorted_by_the_filter(people):
    assert names(people.idp.list_users(UserPoolId=people.id, Filter='email ^= "b"')) == ["bea", "bob"]


def test_attributes_to_get(people):
    for user in people.idp.list_users(UserPoolId=people.id, AttributesToGet=["email"])["Users"]:
        assert [a["Name"] for a in user["Attributes"]] == ["email"]
    user = people.idp.list_users(UserPoolId=people.id, Filter='username = "cyd"')["Users"][0]
    assert user["UserStatus"] == "UNCONFIRMED" and user["Enabled"] is True and user["UserCreateDate"]


def test_pages(make_pool, refused):
    pool = make_pool()
    made = [f"user-{i:03d}" for i in range(33)]
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda n: pool.idp.admin_create_user(UserPoolId=pool.id, Username=n, MessageAction="SUPPRESS"), made))
    for expression in (None, 'username ^= "user-0"', 'status = "Enabled"'):
        arguments = {"UserPoolId": pool.id} | ({"Filter": expression} if expression else {})
        pages = list(pool.idp.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 10}, **arguments))
        assert sorted(n for p in pages for n in names(p)) == made
        assert all(len(p["Users"]) <= 10 for p in pages) and "PaginationToken" not in pages[-1]
    first = pool.idp.list_users(UserPoolId=pool.id, Limit=5)
    with refused("InvalidParameterException"):
        pool.idp.list_users(UserPoolId=pool.id, Limit=5, Filter='username ^= "user"', PaginationToken=first["PaginationToken"])
    with refused("InvalidParameterException"):
        pool.idp.list_users(UserPoolId=make_pool().id, Limit=5, PaginationToken=first["PaginationToken"])
    broken = first["PaginationToken"][:-4] + ("AAAA" if first["PaginationToken"][-4:] != "AAAA" else "BBBB")
    with refused("InvalidParameterException"):
        pool.idp.list_users(UserPoolId=pool.id, Limit=5, PaginationToken=broken)


def test_pages_while_others_sign_up(make_pool):
    pool = make_pool()
    made = [f"old-{i:03d}" for i in range(20)]
    for name in made:
        pool.idp.admin_create_user(UserPoolId=pool.id, Username=name, MessageAction="SUPPRESS")
    seen, token, i = [], None, 0
    while True:
        page = pool.idp.list_users(UserPoolId=pool.id, Limit=3, **({"PaginationToken": token} if token else {}))
        seen += names(page)
        pool.idp.admin_create_user(UserPoolId=pool.id, Username=f"new-{i:03d}", MessageAction="SUPPRESS")
        i += 1
        token = page.get("PaginationToken")
        if not token or i > 60:
            break
    assert len(seen) == len(set(seen)) and set(made) <= set(seen)


def test_page_token_expires(make_pool, refused, clock):
    pool = make_pool()
    for name in ("a", "b", "c"):
        pool.user(name)
    token = pool.idp.list_users(UserPoolId=pool.id, Limit=1)["PaginationToken"]
    clock("61m")
    with refused("InvalidParameterException"):
        pool.idp.list_users(UserPoolId=pool.id, Limit=1, PaginationToken=token)


def test_groups(pool, refused):
    idp = pool.idp
    made = idp.create_group(UserPoolId=pool.id, GroupName="admins", Description="d", Precedence=1, RoleArn="arn:aws:iam::000000000000:role/a")["Group"]
    assert made["GroupName"] == "admins" and made["Precedence"] == 1 and made["UserPoolId"] == pool.id
    plain = idp.create_group(UserPoolId=pool.id, GroupName="plain")["Group"]
    assert not {"Description", "Precedence", "RoleArn"} & set(plain)
    with refused("GroupExistsException"):
        idp.create_group(UserPoolId=pool.id, GroupName="admins")
    idp.update_group(UserPoolId=pool.id, GroupName="admins", Precedence=7)
    assert idp.get_group(UserPoolId=pool.id, GroupName="admins")["Group"]["Precedence"] == 7
    with refused("ResourceNotFoundException"):
        idp.get_group(UserPoolId=pool.id, GroupName="none")
    pool.user("ana")
    for _ in range(2):  # joining twice changes nothing
        idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName="admins")
    assert [g["GroupName"] for g in idp.admin_list_groups_for_user(UserPoolId=pool.id, Username="ana")["Groups"]] == ["admins"]
    assert names(idp.list_users_in_group(UserPoolId=pool.id, GroupName="admins")) == ["ana"]
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_add_user_to_group(UserPoolId=pool.id, Username="nobody", GroupName="admins")
    with refused("ResourceNotFoundException"):
        idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName="none")
    idp.admin_remove_user_from_group(UserPoolId=pool.id, Username="ana", GroupName="admins")
    assert names(idp.list_users_in_group(UserPoolId=pool.id, GroupName="admins")) == []
    idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName="admins")
    idp.delete_group(UserPoolId=pool.id, GroupName="admins")
    assert idp.admin_list_groups_for_user(UserPoolId=pool.id, Username="ana")["Groups"] == []


def test_group_pages(pool):
    idp, made = pool.idp, [f"g{i}" for i in range(7)]
    pool.user("ana")
    for name in made:
        idp.create_group(UserPoolId=pool.id, GroupName=name)
        idp.admin_add_user_to_group(UserPoolId=pool.id, Username="ana", GroupName=name)
    members = [f"m{i}" for i in range(7)]
    for name in members:
        idp.admin_create_user(UserPoolId=pool.id, Username=name, MessageAction="SUPPRESS")
        idp.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName="g0")

    def all_of(operation, key, field, **arguments):
        pages = list(idp.get_paginator(operation).paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": 3}, **arguments))
        assert len(pages) >= 3 and all(len(p[key]) <= 3 for p in pages)
        return sorted(item[field] for p in pages for item in p[key])

    assert all_of("list_groups", "Groups", "GroupName") == made
    assert all_of("admin_list_groups_for_user", "Groups", "GroupName", Username="ana") == made
    assert all_of("list_users_in_group", "Users", "Username", GroupName="g0") == sorted(["ana"] + members)


def test_many_attributes_survive(pool):
    values = {k: f"{k} ü 漢 \U0001f600" for k in ("name", "given_name", "family_name", "nickname", "profile", "website", "address")}
    pool.user("ana", **values)
    got = pool.attrs("ana")
    assert {k: got[k] for k in values} == values
    long = "x" * 2048
    pool.idp.admin_update_user_attributes(UserPoolId=pool.id, Username="ana", UserAttributes=world.attributes(profile=long))
    assert pool.attrs("ana")["profile"] == long
