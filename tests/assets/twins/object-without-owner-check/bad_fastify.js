const app = require('fastify')();
const db = require('./db');
app.get('/invoices', async (request) => db.query('SELECT * FROM invoices WHERE user_id = $1', [request.user.id]));
app.get('/invoices/:id', async (request) => {
  return db.query('SELECT * FROM invoices WHERE id = $1', [request.params.id]); // FINDING
});
