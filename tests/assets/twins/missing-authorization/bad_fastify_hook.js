const app = require('fastify')();
const db = require('./db');
app.delete('/users/:id', async (request) => db.query('DELETE FROM users WHERE id = $1', [request.params.id])); // FINDING
