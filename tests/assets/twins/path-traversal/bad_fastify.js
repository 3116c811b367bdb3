const fastify = require('fastify')();
const fs = require('fs');

const schema = { params: { type: 'object', properties: { id: { type: 'string' } } } };

fastify.get('/items/:id', { schema }, async (request) => fs.promises.readFile(`items/${request.params.id}.json`)); // FINDING
