"""The query editor in the browser: page.html, and the requests that it sends.

    GET /            the page
    GET /state       the regions in use, with their tables and the progress of their mappings
    GET /functions   the functions that a query can use
    POST /query      Query, in the region given by ?region=

A browser has no access key, and requests without one can get nothing else.
"""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from tests.environment import REGION
from tests.local_aws.gateway import Call, Response
from tests.local_aws.query.reference import list_functions
from tests.local_aws.timestream import get_store

PAGE = Path(__file__).with_name("page.html")
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    # The page loads nothing from other servers, and other servers' pages cannot embed it.
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src data:;"
    " style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none';"
    " frame-ancestors 'none'",
}
SIGNATURE = "Credential={key}/20261128/{region}/timestream/aws4_request"


def respond_to_page(method, address, mappings):
    """Return the Response to a request from the page, or None for any other request."""
    path = urlsplit(address).path
    if method not in ("GET", "HEAD"):
        return None
    if path == "/":
        return Response(200, PAGE.read_bytes(), HEADERS)
    if path == "/state":
        return respond_uncached({"regions": describe_regions(mappings)})
    if path == "/functions":
        return respond_uncached(list_functions())
    return None


def respond_uncached(content):
    """Return a JSON Response that the browser does not cache."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(200, json.dumps(content).encode(), headers)


def read_call(method, address, headers, body, server):
    """Return the Call for a browser's request. Queries are given the server's access key."""
    parts = urlsplit(address)
    if (method, parts.path) != ("POST", "/query"):
        return Call(method, address, headers, body)
    region = parse_qs(parts.query).get("region", [REGION])[0]
    signed = {
        "Authorization": SIGNATURE.format(key=server.access_key, region=region),
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "Timestream_20181101.Query",
    }
    return Call("POST", "/", signed, body)


def describe_regions(mappings):
    """Return the regions that have a database or a mapping, or else the default region."""
    found = {}
    for region, backend in sorted(get_backend("timestream-write")[DEFAULT_ACCOUNT_ID].items()):
        if backend.databases:
            found[region] = describe_tables(get_store(backend))
    followed = mappings.describe_progress()
    names = sorted({*found, *(mapping["region"] for mapping in followed)}) or [REGION]
    return [
        {
            "name": name,
            "tables": found.get(name, []),
            "mappings": [mapping for mapping in followed if mapping["region"] == name],
        }
        for name in names
    ]


def describe_tables(store):
    """Return a region's tables, with the names and types of their columns."""
    with store.lock:
        return [
            {
                "name": f"{database}.{name}",
                "columns": [{"name": each.name, "type": str(each.kind)} for each in table.columns],
            }
            for database, tables in sorted(store.databases.items())
            for name, table in sorted(tables.items())
        ]
