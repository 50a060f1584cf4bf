"""scim2-tester, which holds a SCIM 2.0 service provider against RFC 7643 and RFC 7644.

One JSON object on standard input, until its end; one JSON object as the answer on standard output.

    {"url": "http://localhost:8800/scim/v2/...", "token": "..."}
        -> {"ok": true, "checks": 42, "titles": ["..."], "failed": [{"status", "title", "resource", "reason"}]}

scim2-client speaks HTTP through httpx, or calls a WSGI application; the application here passes every request on to the
address, so that no other HTTP client is needed than Python's own.
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

TIMEOUT_SECONDS = 30


def forward_to(address, token):
    def application(environ, start_response):
        path = environ["PATH_INFO"].encode("latin-1").decode()
        if environ["QUERY_STRING"]:
            path += "?" + environ["QUERY_STRING"]
        headers = {"Authorization": f"Bearer {token}"}
        for name in ("CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
            if name in environ:
                headers[name.removeprefix("HTTP_").replace("_", "-").title()] = environ[name]
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_SECONDS)
        connection.request(environ["REQUEST_METHOD"], path, environ["wsgi.input"].read(), headers)
        answer = connection.getresponse()
        body = answer.read()
        start_response(f"{answer.status} {answer.reason}", answer.getheaders())
        connection.close()
        return [body]

    return application


def main():
    asked = json.load(sys.stdin)
    client = WSGISCIMClient(forward_to(urlsplit(asked["url"]), asked["token"]), base_url=asked["url"])
    results = check_server(client)
    bad = (Status.DEVIATION, Status.ERROR, Status.CRITICAL)
    failed = [
        {
            "status": result.status.name,
            "title": result.title,
            "resource": result.resource_type,
            "reason": str(result.reason),
        }
        for result in results
        if result.status in bad
    ]
    titles = sorted({str(result.title) for result in results})
    print(json.dumps({"ok": True, "checks": len(results), "titles": titles, "failed": failed}), flush=True)


main()
