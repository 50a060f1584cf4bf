"""A SAML 2.0 identity provider made of pysaml2, for the interoperability tests.

Nothing of it is ours but this file: pysaml2 reads our AuthnRequest and our metadata, and builds the Response, which
xmlsec1 signs. It makes a key and a self-signed certificate of its own at every start.

    python idp.py [--entity-id https://idp.pysaml2.test/metadata] [--sso https://idp.pysaml2.test/sso]
                  [--signed-requests]     requests without a valid signature are refused

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
        emailAddress), "sign": "assertion" (default), "response" or "both", "session_hours" (8), "encrypt": true (the
        assertion, with the key that the metadata names for it; triple DES, it knows no other).
        -> {"ok": true, "acs", "saml_response": "<base64 form value>", "relay_state", "response": "<samlp:Response ...>",
            "session_index"}

    {"do": "fail", "location": "..."}
        answers the request with a signed error status (Responder, AuthnFailed), as after a wrong password.
        -> as respond

    {"do": "validate", "document": "<EntityDescriptor ...>"}
        holds a document, metadata or message, against the XML schemas of OASIS; an error tells where it breaks them.
        -> {"ok": true}

    {"do": "log out", "sp_entity_id": "...", "name_id": "...", "name_id_format": "...", "session_index": ["..."]}
        a signed LogoutRequest, "binding": "redirect" (default) or "post".
        -> {"ok": true, "id", "location": "https://...?SAMLRequest=...", "saml_request": "<base64 form value>"}

    {"do": "logged out", "location": "..."}
        reads and validates our LogoutResponse of the Redirect binding, its signature too; for the POST binding give
        "saml_response" in the place of "location".
        -> {"ok": true, "in_response_to", "status"}

    {"do": "answer logout", "location": "..."}
        reads and validates our LogoutRequest of the Redirect binding, its signature too, and answers it.
        -> {"ok": true, "name_id", "session_index": ["..."], "location": "https://...?SAMLResponse=..."}
"""

import argparse
import base64
import datetime
import json
import logging
import pathlib
import re
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
from saml2.sigver import verify_redirect_signature
from saml2.xml.schema import validate
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256


def query(location):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query, strict_parsing=True))


class IdentityProvider:
    """One identity provider with its own keys; it knows the service providers it was told to trust."""

    def __init__(self, folder, entity_id, sso, signed_requests):
        self.entity_id, self.sso = entity_id, sso
        slo = urllib.parse.urljoin(sso, "slo")
        key_file, certificate_file, self.certificate = make_certificate(folder, urllib.parse.urlsplit(sso).hostname)
        self.settings = {
            "entityid": entity_id,
            "key_file": key_file,
            "cert_file": certificate_file,
            "xmlsec_binary": shutil.which("xmlsec1"),
            "service": {
                "idp": {
                    "name": "pysaml2",
                    "want_authn_requests_signed": signed_requests,
                    "endpoints": {
                        "single_sign_on_service": [(sso, BINDING_HTTP_REDIRECT), (sso, BINDING_HTTP_POST)],
                        "single_logout_service": [(slo, BINDING_HTTP_REDIRECT), (slo, BINDING_HTTP_POST)],
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
        known = list(self.server.metadata.with_descriptor("spsso").keys())
        self.trusted = known[-1]
        return {"sp_entity_ids": known}

    def parse(self, command):
        """The parsed request and its RelayState."""
        if "location" in command:
            values = query(command["location"])
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
            encrypt_assertion=command.get("encrypt", False),
        )
        xml = str(response)
        session_index = re.search('SessionIndex="([^"]*)"', xml)
        answer = self.posted(xml, target, relay_state)
        return {**answer, "session_index": session_index and session_index.group(1)}

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

    def validate(self, command):
        validate(command["document"])
        return {}

    def log_out(self, command):
        binding = BINDING_HTTP_POST if command.get("binding") == "post" else BINDING_HTTP_REDIRECT
        sp = command["sp_entity_id"]
        address = self.server.pick_binding("single_logout_service", [binding], "spsso", entity_id=sp)[1]
        name_id = NameID(format=command["name_id_format"], text=command["name_id"])
        if binding == BINDING_HTTP_POST:
            request_id, request = self.server.create_logout_request(
                address, sp, name_id=name_id, session_indexes=command["session_index"], sign=True,
                sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256,
            )
            return {"id": request_id, "saml_request": base64.b64encode(str(request).encode()).decode()}
        request_id, request = self.server.create_logout_request(
            address, sp, name_id=name_id, session_indexes=command["session_index"], sign=False
        )
        sent = self.server.apply_binding(
            binding, str(request), address, "of pysaml2", sign=True, sigalg=SIG_RSA_SHA256
        )
        return {"id": request_id, "location": dict(sent["headers"])["Location"]}

    def logged_out(self, command):
        if "location" in command:
            values = query(command["location"])
            response = self.server.parse_logout_request_response(values["SAMLResponse"], BINDING_HTTP_REDIRECT)
            self.verify_query(values, "SAMLResponse")
        else:
            response = self.server.parse_logout_request_response(command["saml_response"], BINDING_HTTP_POST)
        status = response.response.status.status_code.value
        return {"in_response_to": response.in_response_to, "status": status}

    def verify_query(self, values, message):
        """The detached signature of the Redirect binding."""
        signed = {name: values[name] for name in [message, "RelayState", "SigAlg", "Signature"] if name in values}
        certificates = self.server.metadata.certs(self.trusted, "spsso", "signing")
        if not any(verify_redirect_signature(signed, self.server.sec.sec_backend, cert) for _, cert in certificates):
            raise ValueError("the signature does not verify")

    def answer_logout(self, command):
        values = query(command["location"])
        request = self.server.parse_logout_request(
            values["SAMLRequest"], BINDING_HTTP_REDIRECT, values.get("RelayState"), values["SigAlg"], values["Signature"]
        )
        message = request.message
        response = self.server.create_logout_response(message, [BINDING_HTTP_REDIRECT], sign=False)
        address = self.server.pick_binding(
            "single_logout_service", [BINDING_HTTP_REDIRECT], "spsso", entity_id=message.issuer.text
        )[1]
        sent = self.server.apply_binding(
            BINDING_HTTP_REDIRECT, str(response), address, values.get("RelayState", ""), response=True, sign=True,
            sigalg=SIG_RSA_SHA256,
        )
        return {
            "name_id": message.name_id.text,
            "session_index": [index.text for index in message.session_index],
            "location": dict(sent["headers"])["Location"],
        }

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
    arguments.add_argument("--signed-requests", action="store_true")
    options = arguments.parse_args()
    logging.disable(logging.CRITICAL)  # pysaml2 logs what it then raises; the answer carries it
    with tempfile.TemporaryDirectory() as folder:
        provider = IdentityProvider(pathlib.Path(folder), options.entity_id, options.sso, options.signed_requests)
        commands = {
            "metadata": provider.metadata,
            "trust": provider.trust,
            "read": provider.read,
            "respond": provider.respond,
            "fail": provider.fail,
            "validate": provider.validate,
            "log out": provider.log_out,
            "logged out": provider.logged_out,
            "answer logout": provider.answer_logout,
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
