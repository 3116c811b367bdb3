const Koa = require('koa');
const app = new Koa();
app.use(async (ctx, next) => {
  ctx.set('Access-Control-Allow-Origin', 'https://a.example');
  ctx.set('Access-Control-Allow-Credentials', 'true');
  await next();
});
