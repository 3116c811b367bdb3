const app = require('fastify')();
app.register(require('@fastify/cookie'));
app.post('/login', async (request, reply) => {
  reply.setCookie('sid', 'x', { path: '/', httpOnly: true, secure: true, sameSite: 'strict' });
  return {};
});
