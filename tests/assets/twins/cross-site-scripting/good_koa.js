const Koa = require('koa');
const app = new Koa();
app.use(async (ctx) => {
  ctx.body = { hello: ctx.query.name };
});
