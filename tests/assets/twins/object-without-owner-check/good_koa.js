const Router = require('@koa/router');
const Document = require('./models/document');
const router = new Router();
router.get('/documents', async (ctx) => { ctx.body = await Document.find({ owner: ctx.state.user.id }); });
router.get('/documents/:id', async (ctx) => {
  const found = await Document.findById(ctx.params.id);
  if (!found.owner.equals(ctx.state.user.id)) ctx.throw(404);
  ctx.body = found;
});
