// samlp (npm) as identity provider, for the interoperability tests: served by Express on a free port of loopback.
//
//     node samlp.mjs <key.pem> <certificate.pem>
//
// Whoever comes to its single sign-on address is signed in as Ada. One JSON object a line on standard input, one JSON
// object a line as the answer on standard output; the end of the input ends the program. Every answer has "ok"; with
// "ok": false it also has "error". The commands:
//
//     {"do": "metadata"}
//         -> {"ok": true, "base", "entity_id", "metadata": "<EntityDescriptor ...>", "logout": "<address>"}
//         "logout" is where a browser signs out of the identity provider and, by LogoutRequests, of everything else.
//
//     {"do": "trust", "sp_metadata": "<EntityDescriptor ...>"}
//         Optional, all false: "encrypt" (the assertions, AES-256-GCM, with the key that the metadata names for it),
//         "signed_requests" (requests are verified with the key that the metadata names for it), "sign_response" (the
//         Response too). Optional: "logout_binding", "redirect" (default) or "post".
//         -> {"ok": true}

import { X509Certificate } from 'node:crypto';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import express from 'express';
import samlp from 'samlp';
import SessionParticipants from 'samlp/lib/sessionParticipants/index.js';
import xmldom from '@auth0/xmldom';
import xpath from 'xpath';

const [key, cert] = process.argv.slice(2).map((file) => readFileSync(file));
const ADA = {
  id: 'ada-4711',
  emails: [{ value: 'ada@acme.test' }],
  displayName: 'Ada Lovelace',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
};
const BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-';
const SESSION_INDEX = '_samlp-session-1';

let trusted;
// One person, one browser: one session of this identity provider.
const session = {};
const participants = [];

const app = express();
app.use(express.urlencoded({ extended: false, limit: '1mb' }));
app.use((request, _response, next) => {
  request.session = session;
  request.body ??= {};
  next();
});
const server = app.listen(0, '127.0.0.1', listen);

function listen() {
  const base = `http://127.0.0.1:${server.address().port}`;
  const issuer = `${base}/metadata`;
  app.get('/metadata', samlp.metadata({
    issuer,
    cert,
    redirectEndpointPath: '/sso',
    postEndpointPath: '/sso',
    logoutEndpointPaths: { redirect: '/slo', post: '/slo' },
  }));
  app.all('/sso', (request, response, next) => samlp.auth({
    issuer,
    key,
    cert,
    signResponse: trusted.sign_response,
    sessionIndex: SESSION_INDEX,
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    destination: trusted.acs,
    recipient: trusted.acs,
    ...(trusted.signed_requests && { signingCert: trusted.signing }),
    ...(trusted.encrypt && { encryptionCert: trusted.encryption, encryptionPublicKey: trusted.encryptionKey }),
    getUserFromRequest: () => ADA,
    getPostURL: (audience, _dom, _request, callback) =>
      audience === trusted.entityId ? callback(null, trusted.acs) : callback(new Error(`unknown: ${audience}`)),
  })(request, response, next));
  app.all('/slo', (request, response, next) => samlp.logout({
    issuer,
    key,
    cert,
    deflate: true,
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    protocolBinding: trusted.logout_binding,
    sessionParticipants: new SessionParticipants(participants),
    clearIdPSession: (callback) => callback(),
  })(request, response, next));
  app.use((error, _request, response, _next) => response.status(400).send(`refused: ${error.message}`));
  commands(base, issuer);
}

/** What of a service provider's metadata matters here. */
function read(metadata) {
  const document = new xmldom.DOMParser().parseFromString(metadata);
  const select = xpath.useNamespaces({
    md: 'urn:oasis:names:tc:SAML:2.0:metadata',
    ds: 'http://www.w3.org/2000/09/xmldsig#',
  });
  const text = (path) => select(path, document)[0]?.nodeValue ?? undefined;
  const certificate = (use) => {
    const found = select(`//md:KeyDescriptor[@use="${use}"]//ds:X509Certificate/text()`, document)[0]?.nodeValue;
    if (!found) return undefined;
    const lines = found.replace(/\s/g, '').match(/.{1,64}/g).join('\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  };
  return {
    entityId: text('/md:EntityDescriptor/@entityID'),
    acs: text('//md:AssertionConsumerService/@Location'),
    slo: text(`//md:SingleLogoutService[@Binding="${BINDING}Redirect"]/@Location`),
    signing: certificate('signing'),
    encryption: certificate('encryption'),
  };
}

function trust(command) {
  const provider = read(command.sp_metadata);
  const logout_binding = BINDING + (command.logout_binding === 'post' ? 'POST' : 'Redirect');
  trusted = {
    ...provider,
    encrypt: Boolean(command.encrypt),
    signed_requests: Boolean(command.signed_requests),
    sign_response: Boolean(command.sign_response),
    logout_binding,
    encryptionKey: provider.encryption && publicKey(provider.encryption),
  };
  participants.splice(0, participants.length, {
    serviceProviderId: provider.entityId,
    sessionIndex: SESSION_INDEX,
    nameId: ADA.id,
    nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    serviceProviderLogoutURL: provider.slo,
    cert: provider.signing,
    binding: logout_binding,
  });
  return {};
}

function publicKey(certificate) {
  return new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' });
}

async function commands(base, issuer) {
  for await (const line of createInterface({ input: process.stdin })) {
    let answer;
    try {
      const command = JSON.parse(line);
      const commands = {
        metadata: async () => ({
          base,
          entity_id: issuer,
          metadata: await (await fetch(`${base}/metadata`)).text(),
          logout: `${base}/slo`,
        }),
        trust: async () => trust(command),
      };
      answer = { ok: true, ...(await commands[command.do]()) };
    } catch (error) {
      answer = { ok: false, error: String(error) };
    }
    console.log(JSON.stringify(answer));
  }
  server.close();
  server.closeAllConnections();
}
