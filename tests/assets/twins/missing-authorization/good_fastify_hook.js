const app = require('fastify')();
const db = require('./db');
app.addHook('onRequest', async (request, reply) => { await request.jwtVerify(); });
app.delete('/users/:id', async (request) => db.query('DELETE FROM users WHERE id = $1', [request.params.id]));
