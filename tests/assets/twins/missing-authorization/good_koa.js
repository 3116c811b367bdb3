const Router = require('@koa/router');
const router = new Router();
router.use(async (ctx, next) => { if (!ctx.state.user) ctx.throw(401); await next(); });
router.delete('/orders/:id', async (ctx) => {
  await Order.deleteOne({ _id: String(ctx.params.id) });
  ctx.status = 204;
});
