const Router = require('@koa/router');
const router = new Router();
router.get('/go', (ctx) => {
  ctx.redirect(ctx.query.to); // FINDING
});
