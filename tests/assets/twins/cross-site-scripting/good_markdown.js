const { marked } = require('marked');
const createDOMPurify = require('dompurify');
const { JSDOM } = require('jsdom');
const purify = createDOMPurify(new JSDOM('').window);
const app = require('express')();
app.post('/preview', (req, res) => {
  res.send(purify.sanitize(marked.parse(req.body.text)));
});
