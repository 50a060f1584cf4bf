// What aws-jwt-verify, the verifier of AWS, says about a set of tokens, for the interoperability tests.
//
//     node aws_jwt_verify.mjs < order.json > answer.json
//
// Standard input is one JSON object, standard output is one JSON object.
//
//   {"userPoolId": "eu-west-1_AbCd12345", "keys": {the JSON Web Key Set}, "now": milliseconds since 1970,
//    "cases": [{"name", "token", "requirements": {"tokenUse", "clientId", "groups", "scope", "graceSeconds"}}]}
//       verifies each token; what the requirements leave out is not asked for.
//       -> {"results": {name: null when it is accepted, or the name and message of the error}}
//
//   the same with "rounds": 20000
//       verifies the first token that often by the synchronous interface, after as many rounds to warm up.
//       -> {"microseconds": per token}

import { readFileSync } from 'node:fs'
import { CognitoJwtVerifier } from 'aws-jwt-verify'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'

const order = JSON.parse(readFileSync(0, 'utf8'))
Date.now = () => order.now // the library asks nothing else for the time

/** Answers with the key set of the order, and only for the addresses that the library makes of the pool's id. */
const fetcher = {
  async fetch(uri) {
    const region = order.userPoolId.split('_')[0]
    const allowed = ['', 'issuer-'].map(
      (form) => `https://${form}cognito-idp.${region}.amazonaws.com/${order.userPoolId}/.well-known/jwks.json`,
    )
    if (!allowed.includes(uri)) throw new Error(`fetched from ${uri}`)
    return new TextEncoder().encode(JSON.stringify(order.keys)).buffer
  },
}

const verifierFor = (requirements) => {
  // Null says "do not check" and has to be said.
  const properties = { userPoolId: order.userPoolId, tokenUse: null, clientId: null, ...requirements }
  // A cache of its own for each case: an unknown key puts the others into the penalty box.
  return CognitoJwtVerifier.create(properties, { jwksCache: new SimpleJwksCache({ fetcher }) })
}

if (order.rounds) {
  const [{ token, requirements }] = order.cases
  const verifier = verifierFor(requirements)
  verifier.cacheJwks(order.keys)
  const run = () => {
    const start = process.hrtime.bigint()
    for (let round = 0; round < order.rounds; round++) verifier.verifySync(token)
    return Number(process.hrtime.bigint() - start) / 1000 / order.rounds
  }
  run()
  console.log(JSON.stringify({ microseconds: Math.round(run() * 10) / 10 }))
} else {
  const results = {}
  for (const { name, token, requirements } of order.cases) {
    try {
      await verifierFor(requirements).verify(token)
      results[name] = null
    } catch (error) {
      results[name] = `${error.name}: ${error.constructor.name}: ${error.message}`
    }
  }
  console.log(JSON.stringify({ results }))
}
