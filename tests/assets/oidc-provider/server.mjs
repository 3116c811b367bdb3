// An OpenID Connect provider for tests: node server.mjs PORT REDIRECT_URI LOGOUT_URI. Whoever login_hint names is signed
// in, with a second factor where one is asked for. /leave?login_hint=… ends a session and says so to LOGOUT_URI.
// Its keys are new at each start.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, redirectUri, logoutUri] = process.argv.slice(2);
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
      post_logout_redirect_uris: [new URL("/sign-in", redirectUri).href],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      require_auth_time: true,
      backchannel_logout_uri: logoutUri,
      backchannel_logout_session_required: true,
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  // It refuses by itself to call loopback addresses, where all of the tests lives.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  conformIdTokenClaims: false,
  scopes: SCOPES.split(" "),
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "region"], groups: ["groups"] },
  acrValues: ["second-factor"],
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(context) {
    const { client, session, provider: self } = context.oidc;
    const grant = new self.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(SCOPES);
    await grant.save();
    return grant;
  },
  async findAccount(_, id) {
    // "ada.again" is another account with the address of "ada".
    const claims = { sub: id, email: `${id.split(".")[0]}@example.com`, email_verified: id !== "unverified", name: `Person ${id}` };
    return { accountId: id, claims: async () => ({ ...claims, region: "EMEA", groups: ["makers"] }) };
  },
});

const answer = provider.callback();
createServer(async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { params } = await provider.interactionDetails(request, response);
  const strong = params.acr_values === "second-factor";
  const login = { accountId: params.login_hint, acr: strong ? "second-factor" : "1", amr: strong ? ["pwd", "otp"] : ["pwd"] };
  return provider.interactionFinished(request, response, { login });
}).listen(Number(port), "127.0.0.1");
