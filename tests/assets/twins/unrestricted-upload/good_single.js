const express = require('express');
const multer = require('multer');
const app = express();
const upload = multer({
  dest: 'uploads', limits: { fileSize: 1e6 },
  fileFilter: (req, file, done) => done(null, ['image/png', 'image/jpeg'].includes(file.mimetype)),
});
app.post('/avatar', upload.single('avatar'), (req, res) => res.sendStatus(204));
