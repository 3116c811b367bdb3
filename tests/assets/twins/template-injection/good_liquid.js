const { Liquid } = require('liquidjs');
const engine = new Liquid({ outputEscape: 'escape' });
const app = require('express')();
app.post('/preview', async (req, res) => {
  res.type('text').send(await engine.parseAndRender('Hello {{ name }}', { name: req.body.template }));
});
