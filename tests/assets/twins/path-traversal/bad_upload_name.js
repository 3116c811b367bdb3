const express = require('express');
const multer = require('multer');
const fs = require('fs');

const app = express();
const upload = multer({ dest: 'tmp/', limits: { fileSize: 1e6 } });

app.post('/upload', upload.single('file'), (req, res) => {
  fs.renameSync(req.file.path, `uploads/${req.file.originalname}`); // FINDING
  res.sendStatus(201);
});
