const Router = require('@koa/router');
const Document = require('./models/document');
const router = new Router();
router.get('/documents', async (ctx) => { ctx.body = await Document.find({ owner: ctx.state.user.id }); });
router.get('/documents/:id', async (ctx) => {
  ctx.body = await Document.findById(ctx.params.id); // FINDING
});
