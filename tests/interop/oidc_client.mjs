// A relying party made of openid-client (a certified OpenID Connect client), for the interoperability tests.
//
//     node oidc_client.mjs
//
// One JSON object a line on standard input, one JSON object a line as the answer on standard output; the end of the
// input ends the program. The sign-in between the two commands is the test's part: it takes the authorization URL
// through the identity provider and comes back with the URL that the browser was sent to. Every answer has "ok".
//
//   {"do": "authorize", "issuer": "http://127.0.0.1:1234", "client_id", "client_secret", "redirect_uri",
//    "scope": "openid email", "pkce": true, "nonce": true, "state": "...", "parameters": {"login_hint": "..."},
//    "alg": "RS256"}
//       discovery, then the authorization request. "scope", "pkce" (false), "nonce" (false), "state" (random),
//       "parameters" and "alg" (RS256) are optional.
//       -> {"ok": true, "authorization_url", "state", "metadata": {the discovery document}}
//
//   {"do": "callback", "url": "https://app.example/callback?code=...&state=..."}
//       validates the authorization response, redeems the code with client_secret_post, validates the ID token with
//       its signature against the JWK set, asks userinfo and compares its subject. May be sent again with the same
//       URL, as a replay.
//       -> {"ok": true, "claims", "userinfo", "tokens": {"token_type", "expires_in", "scope", "access_token",
//           "id_token"}}
//
// What openid-client refuses: {"ok": false, "error", "code", "oauth_error", "oauth_error_description", "status"}.
// A private certificate authority is given to Node as NODE_EXTRA_CA_CERTS; http is allowed for loopback only.

import { createInterface } from 'node:readline'
import * as oidc from 'openid-client'

let attempt // the sign-in under way

const commands = {
  async authorize(command) {
    const issuer = new URL(command.issuer)
    const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(issuer.hostname)
    const config = await oidc.discovery(
      issuer,
      command.client_id,
      { id_token_signed_response_alg: command.alg ?? 'RS256' },
      oidc.ClientSecretPost(command.client_secret),
      { execute: issuer.protocol === 'http:' && loopback ? [oidc.allowInsecureRequests] : [] },
    )
    // Without this the client trusts the token endpoint's TLS and does not look at the signature.
    oidc.enableNonRepudiationChecks(config)

    const state = command.state ?? oidc.randomState()
    const verifier = command.pkce ? oidc.randomPKCECodeVerifier() : undefined
    const nonce = command.nonce ? oidc.randomNonce() : undefined
    const parameters = {
      redirect_uri: command.redirect_uri,
      scope: command.scope ?? 'openid email',
      state,
      ...command.parameters,
    }
    if (nonce) parameters.nonce = nonce
    if (verifier) {
      parameters.code_challenge = await oidc.calculatePKCECodeChallenge(verifier)
      parameters.code_challenge_method = 'S256'
    }
    attempt = { config, state, verifier, nonce }
    const url = oidc.buildAuthorizationUrl(config, parameters)
    return { authorization_url: url.href, state, metadata: config.serverMetadata() }
  },

  async callback(command) {
    const { config, state, verifier, nonce } = attempt
    const tokens = await oidc.authorizationCodeGrant(config, new URL(command.url), {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
    const { token_type, expires_in, scope, access_token, id_token } = tokens
    return { claims, userinfo, tokens: { token_type, expires_in, scope, access_token, id_token } }
  },
}

function refusal(error) {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return {
    ok: false,
    error: `${error.name}: ${error.message}${cause}`,
    code: error.code,
    oauth_error: error.error,
    oauth_error_description: error.error_description,
    status: error.status,
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    const command = JSON.parse(line)
    answer = { ok: true, ...(await commands[command.do](command)) }
  } catch (error) {
    answer = refusal(error)
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
