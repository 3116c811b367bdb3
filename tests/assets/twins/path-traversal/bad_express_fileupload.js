const app = require('express')();
app.use(require('express-fileupload')({ limits: { fileSize: 1e6 } }));
app.post('/up', async (req, res) => {
  const file = req.files.doc;
  await file.mv('./uploads/' + file.name); // FINDING
  res.end();
});
