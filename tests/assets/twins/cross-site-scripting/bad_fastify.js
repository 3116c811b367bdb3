const app = require('fastify')();
app.get('/', async (request, reply) => {
  reply.type('text/html').send(`<p>${request.query.q}</p>`); // FINDING
});
