"""SimpleSAMLphp as identity provider, for the interoperability tests.

Nothing of it is ours but its configuration: Debian's package, unpacked, served by PHP's own web server on a free port of
loopback. People sign in with user name and password on its own page; `ada` has the password `adapass`. It makes a key and
a self-signed certificate at every start.

    python simplesamlphp.py <folder of SimpleSAMLphp>

One JSON object a line on standard input, one JSON object a line as the answer on standard output; the end of the input
ends the program and the server. Every answer has "ok"; with "ok": false it also has "error". The commands:

    {"do": "metadata"}
        -> {"ok": true, "base": "http://127.0.0.1:...", "metadata": "<md:EntityDescriptor ...>", "logout": "<address>"}
        "logout" is where a browser signs out of the identity provider and, by LogoutRequests, of everything else.

    {"do": "trust", "sp_metadata": "<EntityDescriptor ...>"}
        SimpleSAMLphp reads the document itself. Optional, all false: "encrypt" (the assertions, with the key that the
        metadata names for it), "signed_requests" (requests without a valid signature are refused).
        -> {"ok": true}

    {"do": "log"}
        -> {"ok": true, "log": "..."}   what SimpleSAMLphp logged since the start
"""

import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from certificate import make_certificate

CONFIG = """<?php
$config = [
    'baseurlpath' => '%(base)s/',
    'certdir' => '%(folder)s/',
    'metadatadir' => '%(folder)s/metadata/',
    'loggingdir' => '%(folder)s/',
    'datadir' => '%(folder)s/',
    'tempdir' => '%(folder)s/tmp',
    'secretsalt' => '%(salt)s',
    'auth.adminpassword' => '%(salt)s',
    'timezone' => 'UTC',
    'logging.handler' => 'file',
    'logging.level' => SimpleSAML\\Logger::DEBUG,
    'logging.logfile' => 'simplesamlphp.log',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'language.cookie.secure' => false,
    'session.phpsession.savepath' => '%(folder)s/tmp',
    'store.type' => 'phpsession',
    'trusted.url.domains' => null,
    'metadata.sources' => array_merge(
        [['type' => 'flatfile']],
        file_exists('%(folder)s/sp.xml') ? [['type' => 'xml', 'file' => '%(folder)s/sp.xml']] : []
    ),
];
"""

AUTHSOURCES = """<?php
$config = [
    'people' => [
        'exampleauth:UserPass',
        'ada:adapass' => [
            'uid' => ['ada'],
            'mail' => ['ada@acme.test'],
            'givenName' => ['Ada'],
            'sn' => ['Lovelace'],
            'isMemberOf' => ['engineering', 'analysts'],
        ],
    ],
];
"""

HOSTED = """<?php
$metadata['%(base)s/saml2/idp/metadata.php'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'key.pem',
    'certificate' => 'certificate.pem',
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'sign.logout' => true,
    'validate.logout' => true,
    'validate.authnrequest' => %(signed_requests)s,
    'redirect.validate' => %(signed_requests)s,
    'assertion.encryption' => %(encrypt)s,
    'authproc' => [
        1 => [
            'class' => 'saml:PersistentNameID',
            'attribute' => 'uid',
        ],
        100 => [
            'class' => 'core:AttributeMap',
            'mail' => 'urn:oid:0.9.2342.19200300.100.1.3',
            'givenName' => 'urn:oid:2.5.4.42',
            'sn' => 'urn:oid:2.5.4.4',
            'isMemberOf' => 'urn:oid:1.3.6.1.4.1.5923.1.5.1.1',
        ],
    ],
];
"""


class IdentityProvider:
    """One installation with a folder, a key and a port of its own."""

    def __init__(self, program, folder):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        for name in ["metadata", "tmp"]:
            (folder / name).mkdir()
        make_certificate(folder, "idp.simplesamlphp.test")
        values = {"base": self.base, "folder": str(folder), "salt": secrets.token_hex(16)}
        (folder / "config.php").write_text(CONFIG % values)
        (folder / "authsources.php").write_text(AUTHSOURCES)
        self.host({})
        environment = {**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(folder), "PHP_CLI_SERVER_WORKERS": "2"}
        with open(folder / "php.log", "wb") as log:
            self.server = subprocess.Popen(
                # Without a cache of compiled files a changed configuration counts at once.
                ["php", "-d", "opcache.enable=0", "-S", f"127.0.0.1:{port}", "-t", str(program / "www")],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.wait()

    def wait(self):
        """Until the server answers."""
        for _ in range(200):
            if self.server.poll() is not None:
                raise RuntimeError((self.folder / "php.log").read_text())
            try:
                return self.fetch("/saml2/idp/metadata.php")
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("PHP's web server does not answer: " + (self.folder / "php.log").read_text())

    def fetch(self, path):
        with urllib.request.urlopen(self.base + path, timeout=30) as answer:
            return answer.read().decode()

    def host(self, command):
        flags = {name: str(bool(command.get(name))).lower() for name in ["encrypt", "signed_requests"]}
        (self.folder / "metadata/saml20-idp-hosted.php").write_text(HOSTED % {"base": self.base, **flags})

    def metadata(self, _command):
        return {
            "base": self.base,
            "metadata": self.fetch("/saml2/idp/metadata.php"),
            "logout": f"{self.base}/saml2/idp/initSLO.php?RelayState={self.base}/logout.php",
        }

    def trust(self, command):
        (self.folder / "sp.xml").write_text(command["sp_metadata"])
        self.host(command)
        return {}

    def log(self, _command):
        parts = [self.folder / name for name in ["simplesamlphp.log", "php.log"]]
        return {"log": "".join(part.read_text() for part in parts if part.exists())}

    def stop(self):
        self.server.terminate()
        self.server.wait()


def main():
    with tempfile.TemporaryDirectory() as folder:
        provider = IdentityProvider(pathlib.Path(sys.argv[1]), pathlib.Path(folder))
        commands = {"metadata": provider.metadata, "trust": provider.trust, "log": provider.log}
        try:
            for line in sys.stdin:
                try:
                    command = json.loads(line)
                    answer = {"ok": True, **commands[command["do"]](command)}
                except Exception as error:  # every fault belongs to the test that asked
                    answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
                print(json.dumps(answer), flush=True)
        finally:
            provider.stop()


if __name__ == "__main__":
    main()
