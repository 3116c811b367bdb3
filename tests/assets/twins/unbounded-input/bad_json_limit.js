const fastify = require('fastify')({ bodyLimit: 1024 * 1024 * 1024 }); // FINDING
fastify.post('/', async () => ({}));
