const Router = require('@koa/router');
const router = new Router();
const PLACES = { home: '/', help: '/help' };
router.get('/go', (ctx) => {
  ctx.redirect(PLACES[ctx.query.to] || '/');
});
