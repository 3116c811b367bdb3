const Database = require('better-sqlite3');
const fastify = require('fastify')();

const db = new Database('app.db');

fastify.get('/things/:kind', async (request, reply) => {
  const statement = db.prepare(`SELECT * FROM things WHERE kind = "${request.params.kind}"`); // FINDING
  return statement.all();
});
