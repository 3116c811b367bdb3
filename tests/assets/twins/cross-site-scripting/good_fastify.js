const app = require('fastify')();
app.get('/', async (request, reply) => {
  reply.type('application/json').send(`{"q": ${JSON.stringify(request.query.q)}}`);
});
