"""What an answer must never be or show, whatever was asked. Schemathesis reads this file."""

import re

import schemathesis

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
# Hashes of passwords, statements, and names of our insides.
LEAKS = re.compile(r"\$2[aby]\$\d\d\$|\bSELECT .* FROM\b|\bINSERT INTO\b|flotilla::|sqlite3?_|std::", re.IGNORECASE)


@schemathesis.check
def no_failure(_context, response, case):
    # RFC 9110, 15.6.2: 501 is the answer to a method that the server does not know at all.
    unknown_method = response.status_code == 501 and case.method.upper() not in METHODS
    assert response.status_code < 500 or unknown_method, f"{response.status_code}: {response.text}"


@schemathesis.check
def no_leak(_context, response, _case):
    found = LEAKS.search(response.text or "")
    assert not found, f"the answer shows {found[0]!r}"


def sometimes(value, known):
    """A product that there is, in one of three cases: otherwise hardly anything gets past the first look-up."""
    return known if isinstance(value, str) and len(value) % 3 == 0 else value


@schemathesis.hook
def map_body(_context, body):
    if isinstance(body, dict) and "productId" in body:
        body["productId"] = sometimes(body["productId"], "CATALOG-001")
    return body


@schemathesis.hook
def map_path_parameters(_context, parameters):
    for name in ("productId", "product_id"):
        if parameters and name in parameters:
            parameters[name] = sometimes(parameters[name], "CATALOG-001")
    return parameters
