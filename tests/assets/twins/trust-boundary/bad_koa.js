const Router = require('@koa/router');
const router = new Router();
router.post('/tenant', (ctx) => {
  ctx.session.tenant = ctx.request.body.tenant; // FINDING
  ctx.status = 204;
});
