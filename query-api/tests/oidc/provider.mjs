// An OpenID provider for tests: the package oidc-provider, with new keys at each start.
//
//   node provider.mjs <directory with node_modules> <port> [<where people are sent back to> ...]
//
// It prints "ready" once it listens, and ends with its standard input. Clients sign in with client_credentials; the
// resource that they name says what token they want: https://any/?audience=usertrail&alg=RS256&ttl=60. At /asked it says
// how often its keys were asked for. People sign in for the client `console` (and the public one, `console-public`) with a
// browser, as whom `login_hint` says, without a question.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , directory, port, ...back] = process.argv;
const resolved = createRequire(join(directory, 'package.json')).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(resolved));

const STAFF = {
  jana: { name: 'Jana Nováková', email: 'jana@acme.example', org: 'o-acme', realm: { roles: ['watch', 'unknown'] } },
  boss: { name: 'Boss', org: 'o-acme', realm: { roles: ['run'] }, scope_of_staff: 'openid sql' },
  guest: { org: 'o-acme', realm: { roles: ['platform', 'admin'] } },
  other: { org: 'o-globex', realm: { roles: ['run'] } },
  stranger: { org: 'acme', realm: { roles: ['run'] } },
  nobody: { realm: { roles: ['run'] } },
  gone: { org: 'o-gone', realm: { roles: ['run'] } },
};

const stamp = Date.now().toString(36);
const key = (name, kind, options) => {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: `${name}-${stamp}`, use: 'sig' };
};
const keys = [
  key('rsa', 'rsa', { modulusLength: 2048 }),
  key('ec', 'ec', { namedCurve: 'P-256' }),
  key('ed', 'ed25519'),
];

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys },
  cookies: { keys: ['for tests'] },
  clients: [
    ...Object.keys(STAFF).map((client_id) => ({
      client_id,
      client_secret: 'secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
    })),
    ...['console', 'console-public'].map((client_id) => ({
      client_id,
      ...(client_id === 'console' && { client_secret: 'a secret: with +signs%' }),
      grant_types: ['authorization_code'],
      redirect_uris: back.length > 0 ? back : ['http://localhost/sign-in/callback'],
      response_types: ['code'],
      token_endpoint_auth_method: client_id === 'console' ? 'client_secret_basic' : 'none',
    })),
  ],
  // Into the identity token, as providers do that are told to.
  conformIdTokenClaims: false,
  claims: { openid: ['sub', 'org', 'realm', 'scope_of_staff'], profile: ['name'], email: ['email'] },
  pkce: { required: () => true },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...STAFF[accountId] }) }),
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    return grant;
  },
  extraTokenClaims: (_, token) => STAFF[token.clientId],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => {
        const wanted = new URL(resource).searchParams;
        return {
          scope: '',
          audience: wanted.get('audience') ?? 'usertrail',
          accessTokenFormat: 'jwt',
          accessTokenTTL: Number(wanted.get('ttl') ?? 600),
          jwt: { sign: { alg: wanted.get('alg') ?? 'RS256' } },
        };
      },
    },
  },
});

let asked = 0;
const answer = provider.callback();
createServer(async (request, response) => {
  if (request.url === '/asked') return response.end(String(asked));
  if (request.url === '/jwks') asked += 1;
  if (request.url.startsWith('/interaction/')) {
    const { params } = await provider.interactionDetails(request, response);
    const result = { login: { accountId: params.login_hint } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  return answer(request, response);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));

process.stdin.resume().on('end', () => process.exit(0));
