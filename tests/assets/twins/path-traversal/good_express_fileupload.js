const app = require('express')();
const path = require('path');
app.use(require('express-fileupload')({ limits: { fileSize: 1e6 } }));
app.post('/up', async (req, res) => {
  const file = req.files.doc;
  await file.mv('./uploads/' + path.basename(file.name));
  res.end();
});
