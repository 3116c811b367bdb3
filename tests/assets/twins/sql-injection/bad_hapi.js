const Hapi = require('@hapi/hapi');
const { Pool } = require('pg');
const pool = new Pool();
const server = Hapi.server({ port: 3000 });
server.route({
  method: 'GET',
  path: '/u/{id}',
  handler: async (request, h) => {
    const { rows } = await pool.query('SELECT * FROM u WHERE id = ' + request.params.id); // FINDING
    return rows;
  },
});
