"""The page in place of the console's query editor: page.html, and what it asks of this server.

    GET /            the page
    GET /state       the regions in use, each with its tables, and how far its mappings have come
    GET /functions   the functions that a query can use
    POST /query      Query, in the region that ?region= names

A browser has no access key: this is all that a request without one can get.
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
    # The page needs nothing from elsewhere, and no page elsewhere can put it into a frame.
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src data:;"
    " style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none';"
    " frame-ancestors 'none'",
}
SIGNATURE = "Credential={key}/20261128/{region}/timestream/aws4_request"


def respond(method, address, mappings):
    """Return the Response to a request of a browser, None if it is not one of the page's."""
    path = urlsplit(address).path
    if method not in ("GET", "HEAD"):
        return None
    if path == "/":
        return Response(200, PAGE.read_bytes(), HEADERS)
    if path == "/state":
        return respond_json({"regions": describe_regions(mappings)})
    if path == "/functions":
        return respond_json(list_functions())
    return None


def respond_json(content):
    """Return a Response in JSON that the browser does not keep."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(200, json.dumps(content).encode(), headers)


def read_call(method, address, headers, body, server):
    """Return the Call of a browser's request. A query gets the access key of the server."""
    parts = urlsplit(address)
    if (method, parts.path) != ("POST", "/query"):
        return Call(method, address, headers, body)
    [region] = parse_qs(parts.query).get("region", [REGION])
    signed = {
        "Authorization": SIGNATURE.format(key=server.access_key, region=region),
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "Timestream_20181101.Query",
    }
    return Call("POST", "/", signed, body)


def describe_regions(mappings):
    """Return the regions that hold a database or a mapping; if there are none, the usual one."""
    found = {}
    for region, backend in sorted(get_backend("timestream-write")[DEFAULT_ACCOUNT_ID].items()):
        if backend.databases:
            found[region] = describe_tables(get_store(backend))
    followed = mappings.look()
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
    """Return the tables of a region, with the names and types of their columns."""
    with store.lock:
        return [
            {
                "name": f"{database}.{name}",
                "columns": [{"name": each.name, "type": str(each.kind)} for each in table.columns],
            }
            for database, tables in sorted(store.databases.items())
            for name, table in sorted(tables.items())
        ]
