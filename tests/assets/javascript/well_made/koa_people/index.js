import Koa from 'koa';
import Router from '@koa/router';
import { koaBody } from 'koa-body';
import knex from 'knex';
import OpenAI from 'openai';
const db = knex({ client: 'pg', connection: process.env.DATABASE_URL });
const openai = new OpenAI();
const app = new Koa();
const router = new Router();
const SORTS = ['name', 'created_at'];
router.get('/people', async (ctx) => {
  const query = db('people').select('id', 'name').where('team', ctx.state.user.team);
  if (ctx.query.name) query.where('name', 'ilike', `%${ctx.query.name}%`);
  const sort = SORTS.includes(ctx.query.sort) ? ctx.query.sort : 'name';
  ctx.body = await query.orderBy(sort).limit(50);
});
router.post('/summary', async (ctx) => {
  const text = String(ctx.request.body.text).slice(0, 5000);
  const answer = await openai.chat.completions.create({
    model: 'gpt', messages: [{ role: 'system', content: 'Summarise the text.' }, { role: 'user', content: text }],
  });
  ctx.body = { summary: answer.choices[0].message.content };
});
router.get('/go/:slug', async (ctx) => {
  const link = await db('links').where({ slug: ctx.params.slug }).first();
  if (!link) ctx.throw(404);
  ctx.redirect(link.target);
});
app.use(async (ctx, next) => {
  try { await next(); } catch (error) {
    ctx.status = error.status || 500;
    ctx.body = { error: error.expose ? error.message : 'it did not work' };
    ctx.app.emit('error', error, ctx);
  }
});
app.use(koaBody({ jsonLimit: '100kb' }));
app.use(router.routes());
app.listen(process.env.PORT);
