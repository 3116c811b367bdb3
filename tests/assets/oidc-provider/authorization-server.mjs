// An authorization server for tests: node authorization-server.mjs, with what it is in the environment variable SERVER
// as JSON: port, clients, and where it speaks TLS: key, certificate and authority (PEM). Whoever login_hint names is signed
// in and agrees. It rotates refresh tokens, takes one only once, and ends what was granted when an old one is shown.

import { createPublicKey, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { jwtVerify } from "jose";
import Provider from "oidc-provider";

const { port, clients, tls, seconds, pushed, trusts, nonces, registers } = JSON.parse(process.env.SERVER);
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
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => Boolean(nonces) },
    userinfo: { enabled: true },
    deviceFlow: { enabled: true },
    registration: { enabled: Boolean(registers) },
    registrationManagement: { enabled: Boolean(registers), rotateRegistrationAccessToken: true },
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

// A second token endpoint, for assertions by whom it trusts: itself a grant (RFC 7523 section 2.1), exchanged (RFC 8693),
// or of a client known by its certificate, as Microsoft has it. Each is taken once and may be good for ten minutes at most.
const used = new Set();
const given = new Map();
const ASSERTED = "/assertions/token";
const PREFIX = "urn:ietf:params:oauth:";

async function asserted(form, authorization) {
  const of = {
    [`${PREFIX}grant-type:jwt-bearer`]: "assertion",
    [`${PREFIX}grant-type:token-exchange`]: "subject_token",
    client_credentials: "client_assertion",
  }[form.grant_type];
  const trusted = trusts[of];
  const { payload, protectedHeader } = await jwtVerify(form[of], createPublicKey(trusted.key), {
    issuer: trusted.issuer, audience: `${issuer}${ASSERTED}`, maxTokenAge: "10m", requiredClaims: ["exp", "iat", "jti"],
  });
  if (payload.exp - payload.iat > 600 || used.has(payload.jti)) throw new Error("replayed, or good for too long");
  used.add(payload.jti);
  if ((trusted.kid ?? "") !== (protectedHeader.kid ?? "") || (trusted.x5t ?? "") !== (protectedHeader["x5t#S256"] ?? ""))
    throw new Error("another key is named");
  if (of === "client_assertion") {
    if (payload.sub !== payload.iss || payload.sub !== form.client_id) throw new Error("not of this client");
    if (form.client_assertion_type !== `${PREFIX}client-assertion-type:jwt-bearer`) throw new Error("of no type");
  }
  if (of === "subject_token") {
    if (form.subject_token_type !== `${PREFIX}token-type:jwt`) throw new Error("of no type");
    if (authorization !== `Basic ${Buffer.from(trusted.client).toString("base64")}`) throw new Error("of no client");
  }
  return { sub: payload.sub, act: payload.act, scope: form.scope ?? payload.scope, audience: form.audience };
}

async function serveAssertions(request, response) {
  let body = "";
  for await (const piece of request) body += piece;
  const form = Object.fromEntries(new URLSearchParams(body));
  const say = (status, content) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
  if (request.url !== ASSERTED) return say(200, given.has(form.token) ? { active: true, ...given.get(form.token) } : { active: false });
  try {
    const token = randomBytes(24).toString("base64url");
    given.set(token, await asserted(form, request.headers.authorization));
    return say(200, { access_token: token, token_type: "Bearer", expires_in: seconds });
  } catch (fault) {
    return say(400, { error: "invalid_grant", error_description: String(fault) });
  }
}

const answer = provider.callback();
async function serve(request, response) {
  if (request.url.startsWith("/assertions/")) return serveAssertions(request, response);
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { params } = await provider.interactionDetails(request, response);
  return provider.interactionFinished(request, response, { login: { accountId: params.login_hint ?? "typed@crm.example" } });
}
const server = tls
  ? createTlsServer({ key: tls.key, cert: tls.certificate, ca: tls.authority, requestCert: true, rejectUnauthorized: false }, serve)
  : createServer(serve);
server.listen(port, "127.0.0.1");
