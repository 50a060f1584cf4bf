"""A SAML 2.0 identity provider made of pysaml2, for the interoperability tests.

Nothing of it is ours but this file: pysaml2 reads our AuthnRequest and our metadata, and builds the Response, which
xmlsec1 signs. It makes a key and a self-signed certificate of its own at every start.

    python idp.py [--entity-id https://idp.pysaml2.test/metadata] [--sso https://idp.pysaml2.test/sso]

One JSON object a line on standard input, one JSON object a line as the answer on standard output; the end of the input
ends the program. Every answer has "ok"; with "ok": false it also has "error". The commands:

    {"do": "metadata"}
        -> {"ok": true, "entity_id", "sso", "metadata": "<EntityDescriptor ...>", "certificate": "-----BEGIN ..."}

    {"do": "trust", "sp_metadata": "<EntityDescriptor ...>"}
        -> {"ok": true, "sp_entity_ids": ["..."]}

    {"do": "read", "location": "https://idp.pysaml2.test/sso?SAMLRequest=...&RelayState=..."}
        reads and validates an AuthnRequest of the Redirect binding, its signature too when there is one. For the POST
        binding give "saml_request" and "relay_state" (the form values) in the place of "location".
        -> {"ok": true, "id", "issuer", "acs", "name_id_format", "force_authn", "relay_state"}

    {"do": "respond", "location": "...", "name_id": "ada@acme.test", "attributes": {"mail": ["ada@acme.test"]}}
        reads the request as above and answers it. Optional: "name_id_format" (the request's own, else
        emailAddress), "sign": "assertion" (default), "response" or "both", "session_hours" (8).
        -> {"ok": true, "acs", "saml_response": "<base64 form value>", "relay_state", "response": "<samlp:Response ...>"}

    {"do": "fail", "location": "..."}
        answers the request with a signed error status (Responder, AuthnFailed), as after a wrong password.
        -> as respond
"""

import argparse
import base64
import datetime
import json
import logging
import pathlib
import shutil
import sys
import tempfile
import urllib.parse

from certificate import make_certificate
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_PERSISTENT, NameID
from saml2.samlp import STATUS_AUTHN_FAILED
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256


class IdentityProvider:
    """One identity provider with its own keys; it knows the service providers it was told to trust."""

    def __init__(self, folder, entity_id, sso):
        self.entity_id, self.sso = entity_id, sso
        key_file, certificate_file, self.certificate = make_certificate(folder, urllib.parse.urlsplit(sso).hostname)
        self.settings = {
            "entityid": entity_id,
            "key_file": key_file,
            "cert_file": certificate_file,
            "xmlsec_binary": shutil.which("xmlsec1"),
            "service": {
                "idp": {
                    "name": "pysaml2",
                    "endpoints": {
                        "single_sign_on_service": [(sso, BINDING_HTTP_REDIRECT), (sso, BINDING_HTTP_POST)],
                    },
                    "name_id_format": [NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_PERSISTENT],
                    "policy": {"default": {"lifetime": {"minutes": 5}, "name_form": NAME_FORMAT_URI}},
                }
            },
            "metadata": {"inline": []},
        }
        self.server = self.start()

    def start(self, settings=None):
        return Server(config=IdPConfig().load(dict(settings or self.settings)))

    def metadata(self, _command):
        xml = str(entity_descriptor(self.server.config))
        return {"entity_id": self.entity_id, "sso": self.sso, "metadata": xml, "certificate": self.certificate}

    def trust(self, command):
        known = self.settings["metadata"]["inline"]
        settings = {**self.settings, "metadata": {"inline": [*known, command["sp_metadata"]]}}
        self.server = self.start(settings)
        self.settings = settings
        return {"sp_entity_ids": list(self.server.metadata.with_descriptor("spsso").keys())}

    def parse(self, command):
        """The parsed request and its RelayState."""
        if "location" in command:
            query = urllib.parse.urlsplit(command["location"]).query
            values = dict(urllib.parse.parse_qsl(query, strict_parsing=True))
            relay_state = values.get("RelayState")
            request = self.server.parse_authn_request(
                values["SAMLRequest"], BINDING_HTTP_REDIRECT, relay_state, values.get("SigAlg"), values.get("Signature")
            )
        else:
            relay_state = command.get("relay_state")
            request = self.server.parse_authn_request(command["saml_request"], BINDING_HTTP_POST)
        return request.message, relay_state

    def read(self, command):
        message, relay_state = self.parse(command)
        target = self.server.response_args(message, [BINDING_HTTP_POST])
        policy = message.name_id_policy
        return {
            "id": message.id,
            "issuer": message.issuer.text,
            "acs": target["destination"],
            "name_id_format": policy.format if policy else None,
            "force_authn": message.force_authn,
            "relay_state": relay_state,
        }

    def respond(self, command):
        message, relay_state = self.parse(command)
        target = self.server.response_args(message, [BINDING_HTTP_POST])
        asked = message.name_id_policy.format if message.name_id_policy else None
        name_id_format = command.get("name_id_format") or asked or NAMEID_FORMAT_EMAILADDRESS
        if name_id_format.endswith(":unspecified"):
            name_id_format = NAMEID_FORMAT_EMAILADDRESS
        sign = command.get("sign", "assertion")
        session_end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
            hours=command.get("session_hours", 8)
        )
        response = self.server.create_authn_response(
            command.get("attributes", {}),
            target["in_response_to"],
            target["destination"],
            target["sp_entity_id"],
            name_id=NameID(format=name_id_format, text=command["name_id"]),
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": self.entity_id},
            sign_response=sign in ("response", "both"),
            sign_assertion=sign in ("assertion", "both"),
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            session_not_on_or_after=session_end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        return self.posted(str(response), target, relay_state)

    def fail(self, command):
        message, relay_state = self.parse(command)
        target = self.server.response_args(message, [BINDING_HTTP_POST])
        response = self.server.create_error_response(
            target["in_response_to"],
            target["destination"],
            (STATUS_AUTHN_FAILED, "the password was wrong"),
            sign=True,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
        )
        return self.posted(str(response), target, relay_state)

    @staticmethod
    def posted(xml, target, relay_state):
        """What the browser would post to the assertion consumer service."""
        form_value = base64.b64encode(xml.encode()).decode()
        return {
            "acs": target["destination"],
            "saml_response": form_value,
            "relay_state": relay_state,
            "response": xml,
        }


def main():
    arguments = argparse.ArgumentParser(description="A SAML identity provider on standard input and output.")
    arguments.add_argument("--entity-id", default="https://idp.pysaml2.test/metadata")
    arguments.add_argument("--sso", default="https://idp.pysaml2.test/sso")
    options = arguments.parse_args()
    logging.disable(logging.CRITICAL)  # pysaml2 logs what it then raises; the answer carries it
    with tempfile.TemporaryDirectory() as folder:
        provider = IdentityProvider(pathlib.Path(folder), options.entity_id, options.sso)
        commands = {
            "metadata": provider.metadata,
            "trust": provider.trust,
            "read": provider.read,
            "respond": provider.respond,
            "fail": provider.fail,
        }
        for line in sys.stdin:
            try:
                command = json.loads(line)
                answer = {"ok": True, **commands[command["do"]](command)}
            except Exception as error:  # every fault belongs to the test that asked
                answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
