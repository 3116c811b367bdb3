const Router = require('@koa/router');
const router = new Router();
router.post('/tenant', (ctx) => {
  ctx.session.tenant = Number(ctx.request.body.tenant) || 0;
  ctx.status = 204;
});
