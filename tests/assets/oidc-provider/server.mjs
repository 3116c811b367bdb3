// An OpenID Connect provider for tests: node server.mjs PORT REDIRECT_URI. Whoever is named by login_hint is signed in.
// Its keys are new at each start.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const SCOPES = "openid email profile groups";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: `key-${Date.now()}` };

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "bailiwick",
      token_endpoint_auth_method: "none",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  scopes: SCOPES.split(" "),
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "region"], groups: ["groups"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(context) {
    const { client, session, provider: self } = context.oidc;
    const grant = new self.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(SCOPES);
    await grant.save();
    return grant;
  },
  async findAccount(_, id) {
    const claims = { sub: id, email: `${id}@example.com`, email_verified: id !== "unverified", name: `Person ${id}` };
    return { accountId: id, claims: async () => ({ ...claims, region: "EMEA", groups: ["makers"] }) };
  },
});

const answer = provider.callback();
createServer(async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { params } = await provider.interactionDetails(request, response);
  return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
}).listen(Number(port), "127.0.0.1");
