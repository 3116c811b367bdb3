const app = require('fastify')();
app.register(require('@fastify/cors'), { origin: 'https://a.example', credentials: true });
