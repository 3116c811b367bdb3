const fastify = require('fastify')();
fastify.post('/login', async (request, reply) => {
  const { email, password } = request.body;
  const user = await fastify.mongo.db.collection('users').findOne({ email: String(email), password: String(password) });
  return { ok: Boolean(user) };
});
