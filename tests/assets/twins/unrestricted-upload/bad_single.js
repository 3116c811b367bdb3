const express = require('express');
const multer = require('multer');
const app = express();
const upload = multer({ dest: 'public/uploads' }); // FINDING
app.post('/avatar', upload.single('avatar'), (req, res) => res.sendStatus(204));
