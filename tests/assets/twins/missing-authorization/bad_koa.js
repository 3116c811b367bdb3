const Router = require('@koa/router');
const router = new Router();
router.delete('/orders/:id', async (ctx) => { // FINDING
  await Order.deleteOne({ _id: String(ctx.params.id) });
  ctx.status = 204;
});
