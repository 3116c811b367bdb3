const app = require('fastify')();
app.register(require('@fastify/cors'), { origin: true, credentials: true }); // FINDING
