// An authorization server for tests: node authorization-server.mjs, with what it is in the environment variable SERVER
// as JSON: port, clients, and where it speaks TLS: key, certificate and authority (PEM). Whoever login_hint names is signed
// in and agrees. It rotates refresh tokens, takes one only once, and ends what was granted when an old one is shown.

import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import Provider from "oidc-provider";

const { port, clients, tls, seconds, pushed } = JSON.parse(process.env.SERVER);
const issuer = `${tls ? "https://localhost" : "http://127.0.0.1"}:${port}`;
const SCOPES = "openid offline_access contacts.read contacts.write";

const provider = new Provider(issuer, {
  clients,
  clientAuthMethods: [
    "client_secret_basic", "client_secret_post", "private_key_jwt", "self_signed_tls_client_auth", "tls_client_auth", "none",
  ],
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  scopes: SCOPES.split(" "),
  claims: { openid: ["sub", "email"] },
  conformIdTokenClaims: false,
  rotateRefreshToken: true,
  issueRefreshToken: async (_, client) => client.grantTypeAllowed("refresh_token"),
  ttl: { AccessToken: () => seconds, ClientCredentials: () => seconds },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: Boolean(pushed) },
    mTLS: {
      enabled: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: (context) => context.req.socket.getPeerX509Certificate?.(),
      certificateAuthorized: (context) => context.req.socket.authorized,
      certificateSubjectMatches: (context, property, expected) =>
        property === "tls_client_auth_subject_dn" &&
        context.req.socket.getPeerX509Certificate()?.subject === expected,
    },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(context) {
    const { client, session, provider: self } = context.oidc;
    const grant = new self.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(SCOPES);
    await grant.save();
    return grant;
  },
  async findAccount(_, id) {
    return { accountId: id, claims: async () => ({ sub: id, email: id }) };
  },
});

const answer = provider.callback();
async function serve(request, response) {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { params } = await provider.interactionDetails(request, response);
  if (params.login_hint.startsWith("no@"))
    return provider.interactionFinished(request, response, { error: "access_denied" });
  return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
}
const server = tls
  ? createTlsServer({ key: tls.key, cert: tls.certificate, ca: tls.authority, requestCert: true, rejectUnauthorized: false }, serve)
  : createServer(serve);
server.listen(port, "127.0.0.1");
