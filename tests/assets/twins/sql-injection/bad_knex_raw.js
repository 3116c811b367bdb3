const knex = require('knex')({ client: 'pg' });
const Router = require('@koa/router');

const router = new Router();

router.get('/items', async (ctx) => {
  const { order } = ctx.query;
  ctx.body = await knex('items').select('id').orderByRaw(order); // FINDING
});
